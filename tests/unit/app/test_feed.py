"""Events that are read once for all who listen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from app.http.feed import Feed, Told, is_after
from tests.redis_server import RedisServer
from tests.unit.app.conftest import Serve
from tests.worker_rig import eventually
from workers.services import Services

Queue = SimpleQueue[tuple[Told, ...] | None]


@pytest.fixture
def server() -> Iterator[RedisServer]:
    made = RedisServer("redis-server")
    yield made
    made.stop()


def heard(coming: Queue, count: int) -> list[str]:
    """The cursors of what has come."""
    found: list[str] = []
    while len(found) < count:
        found += [cursor for cursor, _ in coming.get(timeout=30) or ()]
    return found


def readers() -> int:
    return sum(thread.name == "events" for thread in threading.enumerate())


def test_all_hear_the_same_of_one_reader_which_ends_with_them(services: Services) -> None:
    events = services.state.events
    feed = Feed(events)
    with feed.listening() as one, feed.listening() as other:
        told = [events.emit("run", run=f"r{number}") for number in range(5)]
        assert heard(one, 5) == heard(other, 5) == told
        assert readers() == 1
    eventually(lambda: readers() == 0, "the end of the reader")
    with feed.listening() as again:
        last = events.emit("run", run="r6")
        assert heard(again, 1) == [last]
    eventually(lambda: readers() == 0, "the end of the next one")


def test_without_redis_whoever_listens_is_told_and_comes_back(serve: Serve, server: RedisServer) -> None:
    events = serve(redis_url=server.url).state.events
    feed = Feed(events)
    with feed.listening() as coming:
        server.kill()
        assert coming.get(timeout=30) is None
    eventually(lambda: readers() == 0, "the end of the reader")
    server.start()
    with feed.listening() as again:
        told = events.emit("run", run="r1")
        assert heard(again, 1) == [told]


def test_events_are_in_the_order_of_time_and_number() -> None:
    assert is_after("10-0", "9-5")
    assert is_after("9-10", "9-9")
    assert not is_after("9-1", "9-1")
    assert is_after("1-0", "0")
