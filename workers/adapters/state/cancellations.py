"""Deployments under way that somebody wants stopped: a word to whoever carries them out, on whatever host."""

from __future__ import annotations

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


class Cancellations:
    """Who wants which deployment cancelled."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    @translated()
    def ask(self, deployment: str, who: str) -> None:
        """Ask for a deployment to be stopped at the next safe point."""
        self.redis.set(keys.cancelled(deployment), who, ex=keys.DAY_SECONDS)

    @translated()
    def asked(self, deployment: str) -> str | None:
        """Who wants a deployment stopped; None when nobody does."""
        who = self.redis.get(keys.cancelled(deployment))
        return None if who is None else str(who)
