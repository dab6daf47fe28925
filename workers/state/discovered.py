"""The stacks that pulls have discovered: hosts without a clone list and find them here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis import Redis

from workers.state import keys
from workers.state.connection import translated


@dataclass(frozen=True, slots=True)
class Place:
    """Where a discovered stack's Compose file lies: the folder `path` of a repo."""

    repo: str
    path: str


class Discovered:
    """Stack id -> repo and path, of discovered stacks only; configured ones stand in the catalog."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def get(self, stack: str) -> Place | None:
        """Where a stack lies; None when no pull has discovered it."""
        text = self._redis.hget(keys.discovered(), stack)
        return None if text is None else _place(text)

    @translated()
    def all(self) -> dict[str, Place]:
        """Every discovered stack, in order of id."""
        return {str(stack): _place(text) for stack, text in sorted(self._redis.hgetall(keys.discovered()).items())}

    @translated()
    def replace(self, repo: str, environments: Iterable[str], stacks: Mapping[str, str]) -> None:
        """Write what a pull has discovered.

        Args:
            repo: the repo that was pulled.
            environments: those that the pull looked at; stacks of the repo elsewhere stay.
            stacks: path by stack id; other stacks of the repo in these environments go.
        """
        looked_at = set(environments)
        known = {stack: place for stack, place in self.all().items() if place.repo == repo}
        gone = [stack for stack in known if stack.partition("/")[0] in looked_at and stack not in stacks]
        new = {stack: path for stack, path in stacks.items() if known.get(stack) != Place(repo, path)}
        with self._redis.pipeline() as pipeline:
            if gone:
                pipeline.hdel(keys.discovered(), *gone)
            if new:
                pipeline.hset(
                    keys.discovered(), mapping={stack: json.dumps([repo, path]) for stack, path in new.items()}
                )
            pipeline.execute()


def _place(text: str | bytes) -> Place:
    return Place(*json.loads(text))
