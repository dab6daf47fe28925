"""Counters that only ever grow, for whoever draws curves: one hash, so that every process adds to the same ones."""

from __future__ import annotations

from collections.abc import Mapping

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


class Counters:
    """Counters in Redis. A name is a family and its labels' values, joined by colons: `webhooks:github:queued`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def add(self, counts: Mapping[str, int]) -> None:
        """Add to several counters in one round trip."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for name, count in counts.items():
                pipeline.hincrby(keys.counters(), name, count)
            pipeline.execute()

    @translated()
    def all(self) -> dict[str, int]:
        """Every counter that was ever added to."""
        return {str(name): int(count) for name, count in self._redis.hgetall(keys.counters()).items()}
