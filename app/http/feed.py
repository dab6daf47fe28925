"""Events read once for all who listen: twenty open pages would otherwise ask Redis for each of them twenty times."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TypeAlias

from app.http.schemas import event_text
from workers.adapters.state.events import Event, Events
from workers.model.errors import RedisUnavailable

_BLOCK_MS = 1000

Told: TypeAlias = tuple[str, str]
"""An event's cursor, and the event as it is sent."""


class Feed:
    """A thread reads for as long as anybody listens.

    Args:
        events: what is read.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._lock = threading.Lock()
        self._listeners: set[SimpleQueue[tuple[Told, ...] | None]] = set()
        self._is_read = False

    @contextmanager
    def listening(self) -> Iterator[SimpleQueue[tuple[Told, ...] | None]]:
        """A queue of all that happens from now on, in its order, while the block runs; None says that it has ended.

        Raises:
            RedisUnavailable: nobody knows where now is.
        """
        mine: SimpleQueue[tuple[Told, ...] | None] = SimpleQueue()
        with self._lock:
            if not self._is_read:
                # Known before whoever listens reads what was before: so nothing falls in between.
                after = self._events.newest()
                self._is_read = True
                threading.Thread(target=self._read, args=(after,), name="events", daemon=True).start()
            self._listeners.add(mine)
        try:
            yield mine
        finally:
            with self._lock:
                self._listeners.discard(mine)

    def _read(self, after: str) -> None:
        while self._is_wanted():
            try:
                found = told(self._events.read(after, _BLOCK_MS))
            except RedisUnavailable:
                self._tell(None)
                continue  # whoever listened leaves, and comes back
            if found:
                after = found[-1][0]
                self._tell(found)

    def _is_wanted(self) -> bool:
        with self._lock:
            self._is_read = bool(self._listeners)
            return self._is_read

    def _tell(self, found: tuple[Told, ...] | None) -> None:
        with self._lock:
            if found is None:
                self._is_read = False
            for each in self._listeners:
                each.put(found)
            if found is None:
                self._listeners.clear()


def told(events: tuple[Event, ...]) -> tuple[Told, ...]:
    """Events as they are sent."""
    return tuple((event.cursor, event_text(event)) for event in events)


def is_after(cursor: str, other: str) -> bool:
    """Whether one event came after another."""
    return _place(cursor) > _place(other)


def _place(cursor: str) -> tuple[int, int]:
    milliseconds, _, number = cursor.partition("-")
    return int(milliseconds), int(number or 0)
