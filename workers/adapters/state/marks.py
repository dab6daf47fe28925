"""Marks that people or failures leave on a stack: a pause, a hold, a pin, an adoption.

They must survive an empty Redis, so each is written to the stack's journal too where the journal is on this
host; elsewhere (a command on another host) the worker does it at its next reconcile (`rebuild.mirror_marks`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.journal import Journal
from workers.adapters.state.keys import Key


class Marks:
    """One kind of mark: stack -> JSON. `name` is its field in the journal."""

    def __init__(self, redis: Redis, journal: Journal, key: Key, name: str) -> None:
        self._redis = redis
        self._journal = journal
        self._key = key
        self.name = name

    @translated()
    def get(self, stack: str) -> dict[str, Any] | None:
        """The stack's mark; None when it has none."""
        text = self._redis.hget(self._key(), stack)
        return None if text is None else json.loads(text)

    @translated()
    def all(self) -> dict[str, dict[str, Any]]:
        """Every marked stack."""
        return {str(stack): json.loads(text) for stack, text in self._redis.hgetall(self._key()).items()}

    @translated()
    def restore(self, stack: str, mark: Mapping[str, Any]) -> None:
        """Put a mark back from the journal, unless the stack has one."""
        self._redis.hsetnx(self._key(), stack, json.dumps(mark))

    @translated()
    def _set(self, stack: str, **mark: object) -> None:
        marked = {"at": now(), **mark}
        self._redis.hset(self._key(), stack, json.dumps(marked))
        self._write_through(stack, marked)

    @translated()
    def _clear(self, stack: str) -> bool:
        removed = self._redis.hdel(self._key(), stack)
        self._write_through(stack, None)
        return bool(removed)

    def _write_through(self, stack: str, mark: dict[str, Any] | None) -> None:
        if self._journal.exists(stack):
            self._journal.update(stack, **{self.name: mark})


class Pauses(Marks):
    """Stacks that somebody has paused."""

    def __init__(self, redis: Redis, journal: Journal) -> None:
        super().__init__(redis, journal, keys.paused, "pause")

    def pause(self, stack: str, who: str, why: str = "") -> None:
        """Pause a stack: nothing is deployed to it until it is resumed."""
        self._set(stack, who=who, why=why)

    def resume(self, stack: str) -> bool:
        """End a pause; False when there was none."""
        return self._clear(stack)


class Holds(Marks):
    """Stacks whose newest content failed: the same fingerprint is not tried again by itself."""

    def __init__(self, redis: Redis, journal: Journal) -> None:
        super().__init__(redis, journal, keys.held, "hold")

    def hold(self, stack: str, fingerprint: str, why: str = "", **fields: object) -> None:
        """Hold a fingerprint. `fields`: commit, deployment, attempts, or what else is worth knowing.

        `beside` is a second hold: of what is deployed, which failed to be healed while the newest content is held.
        """
        self._set(stack, fingerprint=fingerprint, why=why, **fields)

    def release(self, stack: str) -> bool:
        """Let a stack be tried again; False when nothing was held."""
        return self._clear(stack)


class Pins(Marks):
    """Stacks that somebody rolled back by hand."""

    def __init__(self, redis: Redis, journal: Journal) -> None:
        super().__init__(redis, journal, keys.pinned, "pin")

    def pin(self, stack: str, commit: str, until: str, who: str, why: str = "", **fields: object) -> None:
        """Pin a stack to a commit; `until` is `release` or `push`."""
        self._set(stack, commit=commit, until=until, who=who, why=why, **fields)

    def release(self, stack: str) -> bool:
        """Let a stack follow its ref again; False when it was not pinned."""
        return self._clear(stack)


class Adoptions(Marks):
    """Stacks whose project runs from another directory, and what somebody decided about its data there."""

    def __init__(self, redis: Redis, journal: Journal) -> None:
        super().__init__(redis, journal, keys.adopting, "adoption")

    def adopt(self, stack: str, data: str, who: str) -> None:
        """Let the next deployment `move`, `copy` or `leave` the data."""
        self._set(stack, data=data, who=who)

    def done(self, stack: str) -> bool:
        """The stack is adopted; False when nobody had asked for that."""
        return self._clear(stack)
