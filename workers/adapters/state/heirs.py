"""Stacks that were never deployed and seem to go on with one that is gone: renamed, or given to another environment."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


@dataclass(frozen=True, slots=True)
class Heir:
    """What a stack seems to go on with.

    Attributes:
        sources: the ids of stacks that are gone.
        is_same: whether there is one, and what it was made of is what this one is made of.
    """

    sources: tuple[str, ...]
    is_same: bool = False


class Heirs:
    """They, in Redis, by id."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def get(self, stack: str) -> Heir | None:
        """What a stack seems to go on with; None for nothing."""
        text = self._redis.hget(keys.heirs(), stack)
        if text is None:
            return None
        stored = json.loads(text)
        return Heir(tuple(stored["sources"]), bool(stored.get("is_same")))

    @translated()
    def note(self, stacks: Collection[str], found: Mapping[str, Heir]) -> None:
        """Write what has been found out about these stacks; of those that are not among the found: nothing."""
        if not stacks:
            return
        with self._redis.pipeline() as pipeline:
            pipeline.hdel(keys.heirs(), *stacks)
            texts: dict[Any, Any] = {
                stack: json.dumps({"sources": each.sources, "is_same": each.is_same}) for stack, each in found.items()
            }
            if texts:
                pipeline.hset(keys.heirs(), mapping=texts)
            pipeline.execute()
