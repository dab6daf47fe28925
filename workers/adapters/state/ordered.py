"""Forms that were sent: one that comes twice leads to where it has led, and orders nothing again."""

from __future__ import annotations

import time

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated

_LOOK_SECONDS = 0.05


class Ordered:
    """They, in Redis, each by a name that its page has made up."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def begin(self, form: str) -> bool:
        """Whether this form comes for the first time."""
        return bool(self._redis.set(keys.ordered(form), "", nx=True, ex=keys.ORDERED_SECONDS))

    @translated()
    def done(self, form: str, address: str) -> None:
        """Note the page that its order has led to."""
        self._redis.set(keys.ordered(form), address, ex=keys.ORDERED_SECONDS)

    @translated()
    def failed(self, form: str) -> None:
        """Let it be sent again, since nothing came of it."""
        self._redis.delete(keys.ordered(form))

    @translated()
    def led_to(self, form: str, seconds: float = 3.0) -> str | None:
        """Where a form has led; while its order is being given, that is waited for.

        Returns:
            The page's address; empty where nobody knows, None for a form that did not come yet.
        """
        end = time.monotonic() + seconds
        while (address := self._redis.get(keys.ordered(form))) == "" and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        return None if address is None else str(address)
