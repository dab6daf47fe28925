"""Attempts that never ended: whoever made them was killed, crashed, or took the whole worker down."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


@dataclass(frozen=True, slots=True)
class Unended:
    """Attempts that never ended, within an hour of one another.

    Attributes:
        times: how many.
        at: the commit of the last one; empty where it was at none, or is not known.
    """

    times: int = 0
    at: str = ""


class Attempts:
    """How many attempts at something have been begun and have not ended."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def unended(self, subject: str) -> Unended:
        """Those that there were."""
        times, at = self._redis.mget(keys.attempts(subject), keys.attempted(subject))
        return Unended(int(times or 0), str(at or ""))

    @translated()
    def begin(self, subject: str, at: str = "") -> None:
        """One is begun, at a commit."""
        with self._redis.pipeline() as pipeline:
            pipeline.incr(keys.attempts(subject))
            pipeline.expire(keys.attempts(subject), keys.ATTEMPTS_SECONDS)
            pipeline.set(keys.attempted(subject), at, ex=keys.ATTEMPTS_SECONDS)
            pipeline.execute()

    @translated()
    def end(self, *subjects: str) -> None:
        """One has ended, however that was; those before it count no more."""
        self._redis.delete(*(key(each) for each in subjects for key in (keys.attempts, keys.attempted)))
