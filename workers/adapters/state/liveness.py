"""Which queues have a live worker, and in which containers Tegu's processes run.

Workers say so every now and then, and what they said is soon forgotten: often enough to be believed, and rarely
enough that an idle Tegu hardly writes to its disk. A container's id is never another's, so that one
may be remembered for longer: also while it is being restarted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated


class Liveness:
    """Signs of life of the workers, by queue."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def beat(self, queues: Iterable[str]) -> None:
        """Say that a worker consumes these queues; it counts for three quarters of a minute."""
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
    def inhabit(self, container: str) -> None:
        """Say that a process of Tegu's runs in a container, by its id."""
        with self._redis.pipeline() as pipeline:
            pipeline.zremrangebyscore(keys.own_containers(), "-inf", time.time() - keys.DAY_SECONDS)
            pipeline.zadd(keys.own_containers(), {container: time.time()})
            pipeline.execute()

    @translated()
    def inhabited(self) -> frozenset[str]:
        """The ids of the containers that Tegu's processes have said to run in, within a day."""
        found = self._redis.zrangebyscore(keys.own_containers(), time.time() - keys.DAY_SECONDS, "+inf")
        return frozenset(str(each) for each in found)

    @translated()
    def backlog(self, queues: Iterable[str]) -> dict[str, int]:
        """How many messages wait in each queue; Kombu keeps a queue as a list of its name."""
        names = list(queues)
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.llen(name)
            return {name: int(length) for name, length in zip(names, pipeline.execute(), strict=True)}
