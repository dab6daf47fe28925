"""Where marks stand: in Redis for everybody, and in the stack's journal, where that is on this host.

They must survive an empty Redis, so each is written to the stack's journal too where the journal is on this
host; elsewhere (a command on another host) the worker does it at its next reconcile (`rebuild.mirror_marks`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.keys import Key
from workers.adapters.state.marks import Adoption, Hold, Pause, Pin
from workers.adapters.state.scripts import Scripts


class _Mark(Protocol):
    def to_json(self) -> dict[str, Any]: ...


class _Journal(Protocol):
    """Where marks survive an empty Redis."""

    def exists(self, stack: str) -> bool: ...

    def write_mark(self, stack: str, name: str, mark: Mapping[str, Any] | None) -> None: ...


_M = TypeVar("_M", bound=_Mark)


class Marks(Generic[_M]):
    """One kind of mark: stack -> JSON. `name` is its field in the journal."""

    def __init__(
        self, redis: Redis, journal: _Journal, key: Key, name: str, parse: Callable[[Mapping[str, Any]], _M]
    ) -> None:
        self._redis = redis
        self._journal = journal
        self._key = key
        self._parse = parse
        self.name = name

    @translated()
    def get(self, stack: str) -> _M | None:
        """The stack's mark; None when it has none."""
        return self.parsed(self._redis.hget(self._key(), stack))

    @translated()
    def all(self) -> dict[str, _M]:
        """Every marked stack."""
        return {str(stack): self._parse(json.loads(text)) for stack, text in self._redis.hgetall(self._key()).items()}

    def parsed(self, text: str | bytes | None) -> _M | None:
        """A mark as Redis has it."""
        return None if text is None else self._parse(json.loads(text))

    @translated()
    def restore(self, stack: str, mark: _M) -> None:
        """Put a mark back from the journal, unless the stack has one."""
        self._redis.hsetnx(self._key(), stack, json.dumps(mark.to_json()))

    @translated()
    def _set(self, stack: str, mark: _M) -> None:
        marked = mark.to_json()
        self._redis.hset(self._key(), stack, json.dumps(marked))
        self._write_through(stack, marked)

    @translated()
    def _clear(self, stack: str) -> bool:
        removed = self._redis.hdel(self._key(), stack)
        self._write_through(stack, None)
        return bool(removed)

    def _write_through(self, stack: str, mark: Mapping[str, Any] | None) -> None:
        if self._journal.exists(stack):
            self._journal.write_mark(stack, self.name, mark)


class Pauses(Marks[Pause]):
    """Stacks that somebody has paused."""

    def __init__(self, redis: Redis, journal: _Journal) -> None:
        super().__init__(redis, journal, keys.paused, "pause", Pause.from_json)

    def pause(self, stack: str, who: str, why: str = "") -> None:
        """Pause a stack: nothing is deployed to it until it is resumed. Again without a reason, the old one stays."""
        before = None if why else self.get(stack)
        self._set(stack, Pause(who, before.why if before else why, now()))

    def resume(self, stack: str) -> bool:
        """End a pause; False when there was none."""
        return self._clear(stack)


class Holds(Marks[Hold]):
    """Stacks whose newest content failed: the same fingerprint is not tried again by itself, or at its time.

    Those times stand in a set of their own, so that looking for what is due costs next to nothing.
    """

    def __init__(self, redis: Redis, journal: _Journal, scripts: Scripts) -> None:
        super().__init__(redis, journal, keys.held, "hold", Hold.from_json)
        self._scripts = scripts

    def hold(self, stack: str, hold: Hold) -> None:
        """Hold content; from now on, unless it says since when."""
        self._set(stack, hold if hold.at else replace(hold, at=now()))
        self._schedule(stack, hold)

    def release(self, stack: str) -> bool:
        """Let a stack be tried again; False when nothing was held."""
        was_held = self._clear(stack)
        self.forget_time(stack)
        return was_held

    @translated()
    def due(self, at: datetime) -> tuple[str, ...]:
        """The stacks whose time has come."""
        return tuple(str(each) for each in self._redis.zrangebyscore(keys.due(), "-inf", at.timestamp()))

    @translated()
    def claim_due(self, stacks: Iterable[str], at: datetime, again: datetime) -> tuple[str, ...]:
        """Take on those stacks that are due, before anybody else does; they are due `again` unless they end before."""
        claimed = self._scripts("claim_due", str(at.timestamp()), str(again.timestamp()), *stacks)
        return tuple(str(each) for each in claimed)

    @translated()
    def forget_time(self, stack: str) -> None:
        """Let nobody look at a stack for the sake of its hold alone."""
        self._redis.zrem(keys.due(), stack)

    @translated()
    def remind(self, held: Mapping[str, Hold]) -> None:
        """Note the times of holds that have none: restored ones, those of an earlier release, of a writer who died."""
        times = {stack: hold.due.timestamp() for stack, hold in held.items() if hold.due}
        if times:
            self._redis.zadd(keys.due(), times, nx=True)

    @translated()
    def _schedule(self, stack: str, hold: Hold) -> None:
        if hold.due is None:
            self.forget_time(stack)
        else:
            self._redis.zadd(keys.due(), {stack: hold.due.timestamp()})


class Pins(Marks[Pin]):
    """Stacks that somebody rolled back by hand."""

    def __init__(self, redis: Redis, journal: _Journal) -> None:
        super().__init__(redis, journal, keys.pinned, "pin", Pin.from_json)

    def pin(self, stack: str, pin: Pin) -> None:
        """Pin a stack to a commit, from now on."""
        self._set(stack, replace(pin, at=now()))

    def release(self, stack: str) -> bool:
        """Let a stack follow its ref again; False when it was not pinned."""
        return self._clear(stack)


class Adoptions(Marks[Adoption]):
    """Stacks whose project runs from another directory, and what somebody decided about its data there."""

    def __init__(self, redis: Redis, journal: _Journal) -> None:
        super().__init__(redis, journal, keys.adopting, "adoption", Adoption.from_json)

    def adopt(
        self, stack: str, data: Literal["move", "copy", "leave"] | None, who: str, source: str | None = None
    ) -> None:
        """Let the next deployment `move`, `copy` or `leave` the data, or carry another stack over."""
        self._set(stack, Adoption(data, who, now(), source))

    def done(self, stack: str) -> bool:
        """The stack is adopted; False when nobody had asked for that."""
        return self._clear(stack)
