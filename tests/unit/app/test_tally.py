"""Counts reach Redis a moment later, and none is lost while it is away."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis import Redis

from app.http.tally import Tally
from tests.redis_server import RedisServer
from workers.adapters.state.connection import connect
from workers.adapters.state.counters import Counters


def test_a_count_arrives_by_itself(redis: Redis) -> None:
    counters = Counters(redis)
    Tally(counters).add("webhooks", "github", "queued")
    deadline = time.monotonic() + 10
    while not counters.all() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert counters.all() == {"webhooks:github:queued": 1}


def test_counts_of_several_processes_add_up(redis: Redis) -> None:
    for _ in range(2):
        tally = Tally(Counters(redis))
        tally.add("webhooks", "gitea", "queued")
        tally.flush()
        tally.flush()
    assert Counters(redis).all() == {"webhooks:gitea:queued": 2}


def test_while_redis_is_away_counts_are_kept(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    counters = Counters(connect(server.url))
    tally = Tally(counters)
    server.kill()
    tally.add("webhooks", "gitea", "unavailable")
    tally.flush()
    server.start()
    tally.flush()
    assert counters.all() == {"webhooks:gitea:unavailable": 1}
