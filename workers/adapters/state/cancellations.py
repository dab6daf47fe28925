"""Deployments under way that somebody wants stopped: a word to whoever carries them out, on whatever host."""

from __future__ import annotations

from collections.abc import Iterable

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
    def asked(self, deployments: Iterable[str]) -> dict[str, str]:
        """Who wants which of these deployments stopped."""
        names = list(deployments)
        found = self.redis.mget([keys.cancelled(each) for each in names]) if names else []
        return {name: str(who) for name, who in zip(names, found, strict=True) if who is not None}
