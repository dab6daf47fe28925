"""Workers say that they live; what they said is soon forgotten."""

from __future__ import annotations

from redis import Redis

from workers.state import keys
from workers.state.liveness import Liveness


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
