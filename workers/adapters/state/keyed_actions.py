"""What was answered to actions that carry a key of their sender's, so that one sent twice is carried out once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


@dataclass(frozen=True, slots=True)
class KeyedAction:
    """An action that came with a key.

    Attributes:
        request: tells it from any other.
        status: of the answer; None while there is none yet.
        body: of the answer.
        headers: those of the answer that belong to what it says.
    """

    request: str
    status: int | None = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str) -> KeyedAction:
        """From Redis."""
        stored = json.loads(text)
        return cls(stored["request"], stored.get("status"), stored.get("body") or "", stored.get("headers") or {})

    def to_text(self) -> str:
        """For Redis."""
        fields = {"request": self.request, "status": self.status, "body": self.body, "headers": dict(self.headers)}
        return json.dumps(fields)


class KeyedActions:
    """KeyedActions in Redis, by the digest of the sender's key."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def begin(self, key: str, request: str) -> KeyedAction | None:
        """Begin with a request, unless one with its key was begun with before: then that one.

        Whoever begins and is killed keeps the key for a minute, which is longer than any request takes.
        """
        name, ours = _name(key), KeyedAction(request).to_text()
        while not self._redis.set(name, ours, nx=True, ex=keys.BEGUN_ACTION_SECONDS):
            if (text := self._redis.get(name)) is not None:  # else it has just expired
                return KeyedAction.from_text(str(text))
        return None

    @translated()
    def find(self, key: str) -> KeyedAction | None:
        """A request that was begun with; None where none was."""
        text = self._redis.get(_name(key))
        return None if text is None else KeyedAction.from_text(str(text))

    @translated()
    def end(self, key: str, action: KeyedAction) -> None:
        """Keep the answer of a request that was begun with, for a day."""
        self._redis.set(_name(key), action.to_text(), ex=keys.KEYED_ACTION_SECONDS)

    @translated()
    def forget(self, key: str) -> None:
        """Let a request that came to nothing be sent again."""
        self._redis.delete(_name(key))


def _name(key: str) -> str:
    return keys.keyed_action(sha256(key.encode()).hexdigest())
