"""Events: what happened, in order, for pages and watchers that may come back where they left off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.deployments import read_stream


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        cursor: its place among the events.
        kind: `run`, `stack`, `drift` or `services`.
        facts: what is told of it, as `docs/reference/http.md` lists it for each kind; `at` is in all of them.
    """

    cursor: str
    kind: str
    facts: Mapping[str, object]

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {"kind": self.kind, **self.facts}


class Events:
    """A bounded stream. Scripts add `run` (queued, running, ended), `stack` (something came of it) and `services`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def emit(self, kind: str, **fields: object) -> str:
        """Add an event, with the time as `at`; returns its cursor."""
        data = json.dumps({"at": now(), **fields})
        entry: dict[Any, Any] = {"kind": kind, "data": data}
        return str(self._redis.xadd(keys.events(), entry, maxlen=keys.MAX_EVENTS, approximate=True))

    @translated()
    def read(self, after: str = "0", block_ms: int | None = None, count: int = 100) -> tuple[Event, ...]:
        """Events after a cursor.

        Args:
            after: the cursor of the last one seen; `0` for all that are kept, `$` for what comes from now on.
            block_ms: how long to wait for one if there is none, at most 4 s; None does not wait.
            count: at most so many.
        """
        entries = read_stream(self._redis, keys.events(), after, block_ms, count)
        return tuple(Event(cursor, fields["kind"], json.loads(fields["data"])) for cursor, fields in entries)

    @translated()
    def newest(self) -> str:
        """The cursor of the newest event, to read what comes after it."""
        found: Any = self._redis.xrevrange(keys.events(), count=1)
        return str(found[0][0]) if found else "0"
