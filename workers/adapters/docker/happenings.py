"""What an engine tells of as it happens, and what it remembers of that: values, which outlive the stream.

Only what may change a container's state is asked for, and what may free a name: health checks also cause three `exec_…`
events each, which say nothing and are not transmitted.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workers.adapters.docker.container import ONE_OFF, PROJECT, SERVICE
from workers.adapters.docker.engine import Engine, translated

FILTERS: Mapping[str, list[str]] = {
    "type": ["container", "network", "volume"],
    "event": [
        *("create", "start", "die", "stop", "kill", "oom", "restart", "pause", "unpause", "destroy", "rename"),
        "health_status",
    ],
}

MAX_WAITING = 10_000
"""So many are kept for whoever is slow to take them; beyond, he has to look at everything anew."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of an engine.

    Attributes:
        kind: `container`, `network` or `volume`.
        id: of the thing.
        action: the engine's word, such as `die` or `health_status: healthy`.
        at: when, by the engine's clock.
        name: of the thing now.
        project: of a container of Compose; nothing for others.
        service: likewise.
        signal: the number of one that was sent; 0 where none was.
        one_off: whether it is a container of `docker compose run`.
    """

    kind: str
    id: str
    action: str
    at: datetime
    name: str = ""
    project: str = ""
    service: str = ""
    signal: int = 0
    one_off: bool = False


def happening_of(event: Mapping[str, Any]) -> Happening:
    """One event as the engine writes it (https://docs.docker.com/reference/api/engine/, "Monitor events")."""
    actor = event.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    signal = str(attributes.get("signal") or "0")
    return Happening(
        kind=event.get("Type") or "",
        id=actor.get("ID") or "",
        action=str(event.get("Action") or ""),
        at=datetime.fromtimestamp((event.get("timeNano") or 0) / 1e9, UTC),
        name=attributes.get("name") or "",
        project=attributes.get(PROJECT) or "",
        service=attributes.get(SERVICE) or "",
        signal=int(signal) if signal.isdecimal() else 0,
        one_off=attributes.get(ONE_OFF) == "True",
    )


class Stream:
    """Happenings as they come; a thread of its own reads them.

    Args:
        events: the SDK's stream, decoded.
        name: of the thread.
    """

    def __init__(self, events: Iterable[Mapping[str, Any]], name: str) -> None:
        self._events = events
        self._waiting: queue.Queue[Happening | None] = queue.Queue(MAX_WAITING)
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._ended = False
        self.overflown = False
        self._reader.start()

    @property
    def ended(self) -> bool:
        """Whether the engine has ended it, and all of it was taken."""
        return self._ended

    def take(self, seconds: float, gather: float) -> tuple[Happening, ...]:
        """What has come.

        Args:
            seconds: how long to wait for a first one.
            gather: how long to wait for more once there is one, so that what belongs together comes together.
        """
        try:
            first = self._waiting.get(timeout=seconds)
        except queue.Empty:
            return ()
        if first is not None:
            time.sleep(gather)
        found = [first]
        with contextlib.suppress(queue.Empty):
            while len(found) < MAX_WAITING:
                found.append(self._waiting.get_nowait())
        self._ended = None in found
        return tuple(each for each in found if each is not None)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(Exception):  # the SDK raises one of many things
            self._events.close()  # type: ignore[attr-defined]
        self._reader.join(timeout=5)

    def _read(self) -> None:
        with contextlib.suppress(Exception):  # closing the stream makes the SDK raise one of many things
            for event in self._events:
                try:
                    self._waiting.put_nowait(happening_of(event))
                except queue.Full:
                    self.overflown = True
        self._waiting.put(None)


@contextlib.contextmanager
def follow(engine: Engine, since: str | None = None) -> Iterator[Stream]:
    """All that happens from now on, or from a time on, as far back as the engine remembers.

    Args:
        engine: the engine.
        since: the time, in seconds since the epoch with nine decimals.

    Raises:
        EngineUnavailable: when it does not answer.
    """
    with translated():
        moment: Any = since  # a text keeps its fraction
        events = engine.client.events(decode=True, since=moment, filters=dict(FILTERS))
    stream = Stream(events, f"events of {engine.docker_host}")
    try:
        yield stream
    finally:
        stream.close()


def remembered(engine: Engine, project: str) -> tuple[Happening, ...]:
    """What an engine remembers of what happened to a project's containers, oldest first.

    It keeps its last 256 events (Docker's reference, `docker events`), and forgets them when it is restarted.

    Raises:
        EngineUnavailable: when it does not answer.
    """
    with translated():
        # As a text the time keeps its fraction; in whole seconds, what has just happened would be left out.
        until: Any = f"{time.time():.9f}"
        filters = {**FILTERS, "type": ["container"], "label": f"{PROJECT}={project}"}
        events = engine.client.events(decode=True, since=0, until=until, filters=filters)
        return tuple(happening_of(each) for each in events)
