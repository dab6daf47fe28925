"""Workers say that they live; what they said is soon forgotten."""

from __future__ import annotations

import time

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.liveness import Liveness


def test_a_queue_whose_worker_was_seen_is_not_missing(redis: Redis) -> None:
    Liveness(redis).beat(["a", "b"])
    assert Liveness(redis).missing(["a", "b", "c"]) == ("c",)
    assert Liveness(redis).missing([]) == ()


def test_what_was_said_is_forgotten(redis: Redis) -> None:
    Liveness(redis).beat(["a"])
    assert 0 < int(str(redis.ttl(keys.alive("a")))) <= keys.ALIVE_SECONDS


def test_a_backlog_counts_messages(redis: Redis) -> None:
    redis.lpush("a", "x", "y")
    assert Liveness(redis).backlog(["a", "b"]) == {"a": 2, "b": 0}


def test_a_container_that_tegu_lives_in_is_known_for_a_day(redis: Redis) -> None:
    liveness = Liveness(redis)
    assert liveness.inhabited() == frozenset()
    liveness.inhabit("a")
    redis.zadd(keys.own_containers(), {"old": time.time() - keys.DAY_SECONDS - 1})
    assert liveness.inhabited() == {"a"}
    liveness.inhabit("b")
    assert redis.zcard(keys.own_containers()) == 2
    assert liveness.inhabited() == {"a", "b"}
