"""That something has changed, told to everybody who waits for it: one stream of an engine's events for all of them.

A hundred deployments that wait to become healthy are then one connection and one thread. The stream is there as long as
somebody waits.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from workers.adapters.docker.container import PROJECT


class Events(Protocol):
    """A stream of the SDK: what it is iterated over for, and how it is ended."""

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Each event, decoded."""

    def close(self) -> None:
        """End it."""


class Changes:
    """Who waits for what.

    Args:
        follow: opens a stream of events of containers of Compose.
    """

    def __init__(self, follow: Callable[[], Events]) -> None:
        self._follow = follow
        self._lock = threading.Lock()
        self._waiting: dict[str, set[queue.SimpleQueue[str]]] = defaultdict(set)
        self._stream: Events | None = None

    @contextlib.contextmanager
    def of(self, project: str) -> Iterator[queue.SimpleQueue[str]]:
        """Something is put into the queue whenever the state of one of the project's containers may have changed.

        `changed`, or `ended` when the stream of events is over.

        Raises:
            EngineUnavailable: as the stream is opened.
        """
        seen: queue.SimpleQueue[str] = queue.SimpleQueue()
        with self._lock:
            self._open()
            self._waiting[project].add(seen)
        try:
            yield seen
        finally:
            with self._lock:
                self._waiting[project].discard(seen)
                if not self._waiting[project]:
                    del self._waiting[project]
                ended = None if self._waiting else self._take_stream()
            if ended is not None:
                with contextlib.suppress(Exception):  # the SDK raises one of many things
                    ended.close()

    def _open(self) -> None:
        if self._stream is None:
            self._stream = stream = self._follow()
            threading.Thread(target=self._read, args=(stream,), name="changes", daemon=True).start()

    def _take_stream(self) -> Events | None:
        taken, self._stream = self._stream, None
        return taken

    def _read(self, stream: Events) -> None:
        with contextlib.suppress(Exception):  # closing the stream makes the SDK raise one of many things
            for event in stream:
                self._tell(stream, event)
        with self._lock:
            if self._stream is stream:
                self._stream = None
                _put((each for waiting in self._waiting.values() for each in waiting), "ended")

    def _tell(self, stream: Events, event: Mapping[str, Any]) -> None:
        project = ((event.get("Actor") or {}).get("Attributes") or {}).get(PROJECT)
        with self._lock:
            if self._stream is stream:
                _put(self._waiting.get(project or "", ()), "changed")


def _put(waiting: Iterable[queue.SimpleQueue[str]], what: str) -> None:
    for each in waiting:
        each.put(what)
