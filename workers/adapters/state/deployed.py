"""What is deployed now, stack by stack, and the facts that a stack's status is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.adapters.state.scripts import Scripts
from workers.model.errors import StaleHolder
from workers.model.stack import Stack


class Records:
    """Deployed records and status fields; both are JSON, neither holds a secret.

    Fields of a status, by convention: `latest_commit`, `deployed_commit`, `verified_commit`, `last_decision`
    (`action, reason, commit, paths, at, run, message`), `last_deployment` (`id, outcome, commit, at`), `drift`,
    `stopped`, `removed`, `paused_by_option`.
    """

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def get(self, stack: str) -> dict[str, Any] | None:
        """A stack's deployed record; None when nothing of it was deployed."""
        return _loaded(self._redis.get(keys.record(stack)))

    @translated()
    def get_many(self, stacks: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """The records of many stacks in one round trip."""
        names = list(stacks)
        if not names:
            return {}
        texts = self._redis.mget([keys.record(name) for name in names])
        return {name: _loaded(text) for name, text in zip(names, texts, strict=True)}

    @translated()
    def put(self, stack: str, record: Mapping[str, Any], fence: int | None, **status: object) -> None:
        """Replace a stack's record, and set fields of its status in the same step.

        Args:
            stack: its id.
            record: anything that JSON can hold.
            fence: the number of the writer's lease; None for a writer that needs none (a rebuild).
            status: fields to set.

        Raises:
            StaleHolder: somebody took the stack's lock after this writer.
        """
        self._write(stack, fence, json.dumps(record, separators=(",", ":")), status)

    @translated()
    def set_status(self, stack: str, fence: int | None = None, **fields: object) -> None:
        """Set fields of a stack's status; the others stay. Raises StaleHolder as `put` does."""
        self._write(stack, fence, "", fields)

    @translated()
    def status(self, stack: str) -> dict[str, Any]:
        """The fields of a stack's status."""
        return decoded(self._redis.hgetall(keys.status(stack)))

    @translated()
    def known(self) -> tuple[str, ...]:
        """The ids of all stacks that were ever planned or recorded."""
        return tuple(sorted(str(stack) for stack in self._redis.smembers(keys.stacks())))

    @translated()
    def delete(self, stack: str) -> None:
        """Forget a stack: its record and its status."""
        with self._redis.pipeline() as pipeline:
            pipeline.delete(keys.record(stack), keys.status(stack))
            pipeline.srem(keys.stacks(), stack)
            pipeline.execute()

    def _write(self, stack: str, fence: int | None, record: str, status: Mapping[str, object]) -> None:
        pairs = [text for name, value in status.items() for text in (name, json.dumps(value))]
        if not self._scripts("put_record", stack, "" if fence is None else str(fence), record, *pairs):
            message = f"somebody else has locked {stack} since; nothing was written over what they know"
            raise StaleHolder(message)


def decoded(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """A hash of JSON as values."""
    return {str(name): json.loads(value) for name, value in fields.items()}


def _loaded(text: str | bytes | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def is_of_another_worker(stack: Stack, journal: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether another worker has deployed a stack, and this one, which has it now, never has.

    Args:
        stack: the stack.
        journal: what this host knows of it.
        known: what Redis has as deployed.
    """
    return known is not None and not journal.get("record") and known.get("worker", stack.worker) != stack.worker


def host_of(stack: Stack, record: Mapping[str, Any] | None) -> str:
    """The address of the engine that a stack was deployed to last; of its own if it never was."""
    return str((record or {}).get("docker_host") or stack.docker_host)
