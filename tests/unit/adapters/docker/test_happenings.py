"""Events as the engine writes them, and the stream that they come in."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worker_rig import eventually
from workers.adapters.docker import happenings
from workers.adapters.docker.happenings import Happening, Stream, happening_of

SERVICE = {"com.docker.compose.project": "p", "com.docker.compose.service": "web", "name": "p-web-1"}


def event(action: str = "start", **attributes: str) -> dict[str, Any]:
    actor = {"ID": "c1", "Attributes": SERVICE | attributes}
    return {"Type": "container", "Action": action, "Actor": actor, "timeNano": 1_767_225_600_500_000_000}


def test_an_event_of_a_container_says_whose_it_is_and_when_it_happened() -> None:
    seen = happening_of(event("kill", signal="15"))
    assert (seen.kind, seen.id, seen.action, seen.name, seen.project, seen.service, seen.signal) == (
        *("container", "c1", "kill", "p-web-1", "p", "web"),
        15,
    )
    assert seen.at.isoformat() == "2026-01-01T00:00:00.500000+00:00"
    assert happening_of(event("health_status: healthy")).action == "health_status: healthy"
    assert happening_of(event("kill", signal="SIGTERM")).signal == 0
    assert happening_of(event(**{"com.docker.compose.oneoff": "True"})).one_off


def test_an_event_of_anything_else_is_one_of_no_project() -> None:
    assert happening_of({}).project == ""
    assert happening_of({"Type": "network", "Action": "destroy", "Actor": {"ID": "n1"}}).kind == "network"


class Source:
    """Events that a test puts in, until it ends them."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.events.get, None)

    def close(self) -> None:
        self.events.put(None)


def test_what_comes_together_is_taken_together_and_the_end_is_seen() -> None:
    source = Source()
    stream = Stream(source, "test")
    assert stream.take(0, 0) == ()
    source.events.put(event("die"))
    source.events.put(event("start"))
    assert [each.action for each in stream.take(10, 0.2)] == ["die", "start"]
    source.close()
    assert (stream.take(10, 0), stream.ended) == ((), True)
    stream.close()


def test_more_than_anybody_takes_is_dropped_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(happenings, "MAX_WAITING", 2)
    source = Source()
    stream = Stream(source, "test")
    for _ in range(5):
        source.events.put(event())
    eventually(lambda: stream.overflown, "it is full")
    taken: tuple[Happening, ...] = stream.take(1, 0)
    assert len(taken) == 2
    stream.close()
