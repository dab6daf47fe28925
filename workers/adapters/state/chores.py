"""Chores: what is to be done now and then, by whoever comes first."""

from __future__ import annotations

from datetime import timedelta

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated


class Chores:
    """When each chore was done last on each worker."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def begin(self, worker: str, chore: str) -> bool:
        """Whether a chore is due; from then on it counts as done for a day."""
        return bool(self._redis.set(keys.chore(worker, chore), now(), nx=True, ex=keys.CHORE_SECONDS))

    @translated()
    def send(self, entry: str, interval: timedelta) -> bool:
        """Whether an entry of the schedule is to be sent by whoever asks: nobody else has, within its interval.

        Nearly all of it: two clocks do not tick at the same moment, and whoever is the first by then is as good.
        """
        milliseconds = int(interval.total_seconds() * 900)
        return bool(self._redis.set(keys.sent(entry), now(), nx=True, px=max(1, milliseconds)))

    @translated()
    def again(self, worker: str, chore: str) -> None:
        """Let a chore that could not be done be due at once."""
        self._redis.delete(keys.chore(worker, chore))
