"""One stream of events serves everybody who waits for something to change."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from workers.adapters.docker.changes import Changes
from workers.model.errors import EngineUnavailable

_SOON = 10.0


class Stream:
    """Gives what is put into it, until it is ended."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.is_closed = False

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        while (project := self.events.get(timeout=_SOON)) is not None:
            yield {"Actor": {"Attributes": {"com.docker.compose.project": project}}}

    def close(self) -> None:
        self.is_closed = True
        self.events.put(None)


@pytest.fixture
def streams() -> list[Stream]:
    return []


@pytest.fixture
def changes(streams: list[Stream]) -> Changes:
    def follow() -> Stream:
        streams.append(Stream())
        return streams[-1]

    return Changes(follow)


def test_each_is_told_of_its_own_project(changes: Changes, streams: list[Stream]) -> None:
    with changes.of("a") as first, changes.of("a") as second, changes.of("b") as third:
        [stream] = streams
        stream.events.put("a")
        assert [each.get(timeout=_SOON) for each in (first, second)] == ["changed", "changed"]
        stream.events.put("b")
        assert third.get(timeout=_SOON) == "changed"
        assert first.empty()


def test_the_stream_ends_with_the_last_who_waits_and_the_next_gets_another(
    changes: Changes, streams: list[Stream]
) -> None:
    with changes.of("a"):
        with changes.of("b"):
            pass
        assert [each.is_closed for each in streams] == [False]
    assert [each.is_closed for each in streams] == [True]
    with changes.of("a") as again:
        streams[1].events.put("a")
        assert again.get(timeout=_SOON) == "changed"


def test_when_the_engine_ends_the_stream_everybody_is_told(changes: Changes, streams: list[Stream]) -> None:
    with changes.of("a") as first, changes.of("b") as second:
        streams[0].events.put(None)
        assert [each.get(timeout=_SOON) for each in (first, second)] == ["ended", "ended"]
        with changes.of("c") as third:
            streams[1].events.put("c")
            assert third.get(timeout=_SOON) == "changed"
            assert not streams[0].is_closed


def test_an_engine_that_is_away_is_told_to_whoever_begins_to_wait() -> None:
    def follow() -> Stream:
        message = "away"
        raise EngineUnavailable(message)

    with pytest.raises(EngineUnavailable), Changes(follow).of("a"):
        pytest.fail("there is no stream")
