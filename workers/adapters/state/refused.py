"""What pulls have found in a repo that cannot be a stack, and why: so that it can be explained, and forgotten again."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


@dataclass(frozen=True, slots=True)
class Refusal:
    """A folder that would be a stack: of which repo, at which commit, and why it is none, for people."""

    repo: str
    commit: str | None
    why: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Refusal:
        """From Redis."""
        return cls(stored["repo"], stored.get("commit"), stored.get("why") or "")

    def to_json(self) -> dict[str, Any]:
        """For Redis."""
        return {"repo": self.repo, "commit": self.commit, "why": self.why}


class Refused:
    """Id -> refusal; the id is what the stack's would be, and may be one that no stack can have."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def all(self) -> dict[str, Refusal]:
        """Every refusal, in order of id."""
        fields = self._redis.hgetall(keys.refused())
        return {str(stack): Refusal.from_json(json.loads(text)) for stack, text in sorted(fields.items())}

    def replace(self, repo: str, environments: Collection[str], found: Mapping[str, Refusal]) -> None:
        """Write what a pull has found.

        Args:
            repo: the repo that was pulled.
            environments: those that the pull looked at; what was found of the repo for others stays.
            found: what cannot be a stack.
        """
        known = self.all()
        gone = [
            stack
            for stack, each in known.items()
            if each.repo == repo and stack.partition("/")[0] in environments and stack not in found
        ]
        new = {stack: each for stack, each in found.items() if known.get(stack) != each}
        self._write(gone, new)

    def forget(self, stacks: Collection[str]) -> None:
        """What nobody looks for any more."""
        self._write(stacks, {})

    @translated()
    def _write(self, gone: Collection[str], new: Mapping[str, Refusal]) -> None:
        if not gone and not new:
            return
        with self._redis.pipeline() as pipeline:
            if gone:
                pipeline.hdel(keys.refused(), *gone)
            if new:
                texts: dict[Any, Any] = {stack: json.dumps(each.to_json()) for stack, each in new.items()}
                pipeline.hset(keys.refused(), mapping=texts)
            pipeline.execute()
