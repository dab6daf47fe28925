"""Marks that people or failures leave on a stack: a pause, a hold, a pin, an adoption.

They must survive an empty Redis, so each is written to the stack's journal too where the journal is on this
host; elsewhere (a command on another host) the worker does it at its next reconcile (`rebuild.mirror_marks`).

The forms in JSON are those that earlier releases wrote; `from_json` has every default for what they did not write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.keys import Key
from workers.model.words import Outcome

Policy = Literal["keep", "stop", "down"]
"""What is done to the containers of a stack that is none any more: `when_removed`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is deployed to the stack until it is resumed: `who` wanted that at `at`, and `why`."""

    who: str
    why: str
    at: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Pause:
        """From Redis or a journal."""
        return cls(stored.get("who") or "", stored.get("why") or "", stored.get("at") or "")

    def to_json(self) -> dict[str, Any]:
        """For both, and for `tegu status --json`."""
        return {"at": self.at, "who": self.who, "why": self.why}


@dataclass(frozen=True, slots=True)
class Hold:
    """Content that failed and is not tried again by itself.

    Attributes:
        fingerprint: of the content.
        why: what went wrong, for people.
        commit: where the content is from; None where nobody knows.
        deployment: the one that failed.
        outcome: how it ended.
        attempts: how often in a row.
        invalid: whether it is not to be called failed but invalid.
        retry_at: when it is tried again; None: not by itself.
        beside: a second hold, of what is deployed, which failed to be healed while the newest content is held.
        at: when.
    """

    fingerprint: str
    why: str = ""
    commit: str | None = None
    deployment: str | None = None
    outcome: Outcome | None = None
    attempts: int = 0
    invalid: bool = False
    retry_at: str | None = None
    beside: Hold | None = None
    at: str = ""

    def of(self, fingerprint: str | None) -> Hold | None:
        """What is held of this very content; None when it may be tried."""
        return next((each for each in (self, self.beside) if each and each.fingerprint == fingerprint), None)

    def may_retry(self, at: datetime) -> bool:
        """Whether its time has come."""
        return self.retry_at is not None and datetime.fromisoformat(self.retry_at) <= at

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Hold:
        """From Redis or a journal."""
        beside, outcome = stored.get("beside"), stored.get("outcome")
        return cls(
            fingerprint=stored["fingerprint"],
            why=stored.get("why") or "",
            commit=stored.get("commit"),
            deployment=stored.get("deployment"),
            outcome=Outcome(outcome) if outcome else None,
            attempts=int(stored.get("attempts") or 0),
            invalid=bool(stored.get("invalid")),
            retry_at=stored.get("retry_at"),
            beside=cls.from_json(beside) if beside else None,
            at=stored.get("at") or "",
        )

    def to_json(self) -> dict[str, Any]:
        """For both, and for `tegu status --json`."""
        return {
            "at": self.at,
            "fingerprint": self.fingerprint,
            "why": self.why,
            "commit": self.commit,
            "deployment": self.deployment,
            "outcome": self.outcome,
            "attempts": self.attempts,
            "invalid": self.invalid,
            "retry_at": self.retry_at,
            **({"beside": self.beside.to_json()} if self.beside else {}),
        }


@dataclass(frozen=True, slots=True)
class Pin:
    """A stack that somebody rolled back by hand.

    Attributes:
        commit: where it is to be; as it was given until it is `reached`.
        until: what ends it: `release`, that is, somebody resumes the stack; or the next `push` that changes it.
        who: who wanted that.
        why: and why.
        id: tells this order from another; None where an early release did not say.
        head: the newest commit when it was reached.
        reached: whether the stack is there.
        before: the pin that counts again if it is not reached.
        at: when.
    """

    commit: str
    until: Literal["release", "push"]
    who: str
    why: str = ""
    id: str | None = None
    head: str | None = None
    reached: bool = False
    before: Pin | None = None
    at: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Pin:
        """From Redis or a journal."""
        before = stored.get("before")
        return cls(
            commit=stored["commit"],
            until="push" if stored.get("until") == "push" else "release",
            who=stored.get("who") or "",
            why=stored.get("why") or "",
            id=stored.get("id"),
            head=stored.get("head"),
            reached=bool(stored.get("reached")),
            before=cls.from_json(before) if before else None,
            at=stored.get("at") or "",
        )

    def to_json(self) -> dict[str, Any]:
        """For both, and for `tegu status --json`."""
        known = {"id": self.id, "head": self.head, "reached": self.reached or None}
        return {
            "at": self.at,
            "commit": self.commit,
            "until": self.until,
            "who": self.who,
            "why": self.why,
            **{name: value for name, value in known.items() if value is not None},
            **({} if self.reached else {"before": self.before.to_json() if self.before else None}),
        }


@dataclass(frozen=True, slots=True)
class Adoption:
    """What somebody decided about the data of a project that runs from another directory."""

    data: Literal["move", "copy", "leave"]
    who: str
    at: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Adoption:
        """From Redis or a journal."""
        return cls(stored["data"], stored.get("who") or "", stored.get("at") or "")

    def to_json(self) -> dict[str, Any]:
        """For both."""
        return {"at": self.at, "data": self.data, "who": self.who}


@dataclass(frozen=True, slots=True)
class Removed:
    """A deployed stack that is none any more.

    Attributes:
        why: for people.
        policy: what is to be done; None until that is known.
        done: what was done; None: nothing yet.
        at: when.
    """

    why: str
    policy: Policy | None = None
    done: Policy | None = None
    at: str = ""

    def is_settled(self, policy: str) -> bool:
        """Whether the stack is as this policy wants it, and that has been reported."""
        return self.done == policy

    @property
    def was_touched(self) -> bool:
        """Whether its containers were stopped or removed for that."""
        return self.done in {"stop", "down"}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Removed:
        """From Redis or a journal."""
        return cls(stored.get("why") or "", stored.get("policy"), stored.get("done"), stored.get("at") or "")

    def to_json(self) -> dict[str, Any]:
        """For both."""
        known = {"policy": self.policy, "done": self.done}
        return {"why": self.why, **{name: value for name, value in known.items() if value is not None}, "at": self.at}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A stack that was deployed here and has gone to another worker.

    Attributes:
        to: that worker.
        done: what was done to what ran here.
        theirs: whether what ran here is that worker's now, on the same engine.
        at: when.
    """

    to: str
    done: Policy
    theirs: bool = False
    at: str = ""

    @property
    def was_touched(self) -> bool:
        """Whether the containers here were stopped or removed for that."""
        return self.done in {"stop", "down"}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> HandedOver:
        """From a journal."""
        return cls(stored["to"], stored["done"], bool(stored.get("theirs")), stored.get("at") or "")

    def to_json(self) -> dict[str, Any]:
        """For a journal."""
        return {"to": self.to, "done": self.done, "theirs": self.theirs, "at": self.at}


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
        """Pause a stack: nothing is deployed to it until it is resumed."""
        self._set(stack, Pause(who, why, now()))

    def resume(self, stack: str) -> bool:
        """End a pause; False when there was none."""
        return self._clear(stack)


class Holds(Marks[Hold]):
    """Stacks whose newest content failed: the same fingerprint is not tried again by itself."""

    def __init__(self, redis: Redis, journal: _Journal) -> None:
        super().__init__(redis, journal, keys.held, "hold", Hold.from_json)

    def hold(self, stack: str, hold: Hold) -> None:
        """Hold content; from now on, unless it says since when."""
        self._set(stack, hold if hold.at else replace(hold, at=now()))

    def release(self, stack: str) -> bool:
        """Let a stack be tried again; False when nothing was held."""
        return self._clear(stack)


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

    def adopt(self, stack: str, data: Literal["move", "copy", "leave"], who: str) -> None:
        """Let the next deployment `move`, `copy` or `leave` the data."""
        self._set(stack, Adoption(data, who, now()))

    def done(self, stack: str) -> bool:
        """The stack is adopted; False when nobody had asked for that."""
        return self._clear(stack)
