"""Attempts that never ended: whoever made them was killed, crashed, or took the whole worker down."""

from __future__ import annotations

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


class Attempts:
    """How many attempts at something have been begun and have not ended."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def unended(self, subject: str) -> int:
        """How many there were, the last of them within an hour."""
        return int(self._redis.get(keys.attempts(subject)) or 0)

    @translated()
    def begin(self, subject: str) -> None:
        """One is begun."""
        with self._redis.pipeline() as pipeline:
            pipeline.incr(keys.attempts(subject))
            pipeline.expire(keys.attempts(subject), keys.ATTEMPTS_SECONDS)
            pipeline.execute()

    @translated()
    def end(self, *subjects: str) -> None:
        """One has ended, however that was; those before it count no more."""
        self._redis.delete(*(keys.attempts(each) for each in subjects))
