"""What is deployed now, stack by stack, and the facts that a stack's status is made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.status import Known, StatusFields, stored_fields
from workers.model.errors import StaleHolder
from workers.runtime.cache import BoundedCache
from workers.runtime.logs import get_logger

log = get_logger(__name__)

# A pull reads every record, and the task of each stack reads it once more. With the text, so that it is never stale.
_parsed: BoundedCache[tuple[str | bytes, Deployed]] = BoundedCache(8 << 20, lambda each: 1000 + 5 * len(each[0]))


class Records:
    """Deployed records and status fields; both are JSON, neither holds a secret."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def get(self, stack: str) -> Deployed | None:
        """A stack's deployed record; None when nothing of it was deployed."""
        return recorded(stack, self._redis.get(keys.record(stack)))

    @translated()
    def get_many(self, stacks: Iterable[str]) -> dict[str, Deployed | None]:
        """The records of many stacks in one round trip."""
        names = list(stacks)
        if not names:
            return {}
        texts = self._redis.mget([keys.record(name) for name in names])
        return {name: recorded(name, text) for name, text in zip(names, texts, strict=True)}

    @translated()
    def among(self, stacks: Iterable[str]) -> frozenset[str]:
        """Those of these stacks that have a record."""
        names = list(stacks)
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.exists(keys.record(name))
            there = pipeline.execute()
        return frozenset(name for name, exists in zip(names, there, strict=True) if exists)

    @translated()
    def put(self, stack: str, record: Deployed, fence: int | None, **status: Unpack[StatusFields]) -> None:
        """Replace a stack's record, and set fields of its status in the same step.

        Args:
            stack: its id.
            record: what is deployed.
            fence: the number of the writer's lease; None for a writer that needs none (a rebuild).
            status: fields to set.

        Raises:
            StaleHolder: somebody took the stack's lock after this writer.
        """
        fields = {**stored_fields(**status), "lasting": sorted(record.lasting) or None}
        self._write(stack, fence, json.dumps(record.to_json(), separators=(",", ":")), fields)

    @translated()
    def set_status(self, stack: str, fence: int | None = None, **fields: Unpack[StatusFields]) -> None:
        """Set fields of a stack's status; the others stay. Raises StaleHolder as `put` does."""
        self._write(stack, fence, "", stored_fields(**fields))

    @translated()
    def status(self, stack: str) -> Known:
        """The fields of a stack's status."""
        return Known.from_json(decoded(self._redis.hgetall(keys.status(stack))))

    @translated()
    def known(self) -> tuple[str, ...]:
        """The ids of all stacks that were ever planned or recorded."""
        return tuple(sorted(json.loads(self._scripts("known"))))

    @translated()
    def is_known(self, stack: str) -> bool:
        """Whether a stack was ever planned or recorded."""
        return bool(self._redis.sismember(keys.stacks(), stack))

    def _write(self, stack: str, fence: int | None, record: str, status: Mapping[str, object]) -> None:
        pairs = [text for name, value in status.items() for text in (name, json.dumps(value))]
        if not self._scripts("put_record", stack, "" if fence is None else str(fence), record, *pairs):
            message = f"somebody else has locked {stack} since; nothing was written over what they know"
            raise StaleHolder(message)


def decoded(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """A hash of JSON as values."""
    return {str(name): json.loads(value) for name, value in fields.items()}


def recorded(stack: str, text: str | bytes | None) -> Deployed | None:
    """What is deployed, as Redis has it; None for what cannot be read: the journal knows better."""
    if text is None:
        return None
    known = _parsed.get(stack)
    if known is not None and known[0] == text:
        return known[1]
    try:
        record = Deployed.from_json(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("a record in Redis cannot be read", stack=stack, error=f"{type(error).__name__}: {error}")
        return None
    _parsed.put(stack, (text, record))
    return record
