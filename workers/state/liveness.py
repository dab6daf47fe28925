"""Which queues have a live worker: workers say so every few seconds, and what they said is soon forgotten."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis

from workers.state import keys
from workers.state.clock import now
from workers.state.connection import translated


class Liveness:
    """Signs of life of the workers, by queue."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def beat(self, queues: Iterable[str]) -> None:
        """Say that a worker consumes these queues; it counts for a quarter of a minute."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for queue in queues:
                pipeline.set(keys.alive(queue), now(), ex=keys.ALIVE_SECONDS)
            pipeline.execute()

    @translated()
    def missing(self, queues: Iterable[str]) -> tuple[str, ...]:
        """Those of the queues that nobody seems to consume."""
        names = list(queues)
        found = self._redis.mget([keys.alive(name) for name in names]) if names else []
        return tuple(name for name, seen in zip(names, found, strict=True) if seen is None)

    @translated()
    def backlog(self, queues: Iterable[str]) -> dict[str, int]:
        """How many messages wait in each queue; Kombu keeps a queue as a list of its name."""
        names = list(queues)
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.llen(name)
            return {name: int(length) for name, length in zip(names, pipeline.execute(), strict=True)}
