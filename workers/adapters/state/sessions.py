"""Sessions of browsers, and links that were used: by digests, so that nothing here opens a door."""

from __future__ import annotations

import json
from dataclasses import dataclass

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated

SESSION_SECONDS = keys.SESSION_SECONDS


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session: `who` began it, and a digest of the `token` with which that was done."""

    who: str
    token: str


class SessionStore:
    """Sessions in Redis, each under the digest of its name."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def put(self, digest: str, session: StoredSession) -> None:
        """Keep a session; it ends by itself."""
        text = json.dumps({"who": session.who, "token": session.token})
        self._redis.set(keys.session(digest), text, ex=SESSION_SECONDS)

    @translated()
    def get(self, digest: str) -> StoredSession | None:
        """A session; None where there is none."""
        text = self._redis.get(keys.session(digest))
        if text is None:
            return None
        stored = json.loads(text)
        return StoredSession(stored.get("who") or "", stored.get("token") or "")

    @translated()
    def drop(self, digest: str) -> None:
        """End a session."""
        self._redis.delete(keys.session(digest))

    @translated()
    def use_link(self, digest: str, seconds: int) -> bool:
        """Whether a link is used for the first time; it counts as used as long as it could be, `seconds`."""
        return bool(self._redis.set(keys.used_link(digest), "1", nx=True, ex=max(1, seconds)))
