"""Marks that people or failures leave on a stack: a pause, a hold, a pin, an adoption; that it is gone. Values.

The forms in JSON are those that earlier releases wrote; `from_json` has every default for what they did not write.
Longer than other modules, since all of them are stored alike, in Redis and in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from workers.model.stack import Policy
from workers.model.words import Outcome

_REACH: Mapping[Policy, int] = {"keep": 0, "stop": 1, "down": 2}


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
        obstructed: whether nothing is wrong with the content: something of the host is in the way.
        beside: a second hold: of what is deployed, which failed to be healed while the newest content is held; or of
            what the newest content has superseded before it failed, too.
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
    obstructed: bool = False

    def of(self, fingerprint: str | None) -> Hold | None:
        """What is held of this very content; None when it may be tried.

        What was only superseded has not failed. It is held once what superseded it has failed, too.
        """
        binding = (None if self.outcome is Outcome.SUPERSEDED else self, self.beside)
        return next((each for each in binding if each and each.fingerprint == fingerprint), None)

    @property
    def due(self) -> datetime | None:
        """When something of it is tried again by itself; None: never."""
        times = [each.retry_at for each in (self, self.beside) if each and each.retry_at]
        return datetime.fromisoformat(min(times)) if times else None

    @property
    def is_obstructed(self) -> bool:
        """Whether something of it waits for the host alone."""
        return any(each and each.obstructed for each in (self, self.beside))

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
            obstructed=bool(stored.get("obstructed")),
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
            **({"obstructed": True} if self.obstructed else {}),
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
    """What somebody decided about the data of a project that runs from another directory, or under another name.

    `source` is the stack that is to be carried over; None for none. `data` is None where only that was decided.
    """

    data: Literal["move", "copy", "leave"] | None
    who: str
    at: str = ""
    source: str | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Adoption:
        """From Redis or a journal."""
        return cls(stored["data"], stored.get("who") or "", stored.get("at") or "", stored.get("source"))

    def to_json(self) -> dict[str, Any]:
        """For both."""
        known = {"at": self.at, "data": self.data, "who": self.who}
        return known | {"source": self.source} if self.source else known


@dataclass(frozen=True, slots=True)
class Stop:
    """A stack that somebody has brought to rest.

    Attributes:
        how: what was seen of it, such as `docker stop`; empty where an earlier release did not say.
        at: when.
    """

    how: str
    at: str

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Stop:
        """From Redis or a journal."""
        return cls(stored.get("how") or "", stored.get("at") or "")

    def to_json(self) -> dict[str, Any]:
        """For both, and for `tegu status --json`."""
        return {"at": self.at} | ({"how": self.how} if self.how else {})


@dataclass(frozen=True, slots=True)
class Removed:
    """A deployed stack that is none any more.

    Attributes:
        why: for people.
        policy: what is to be done; None until that is known.
        done: what was done; None: nothing yet.
        at: when.
        by_default: whether the policy is that of the defaults, so that it changes with them.
        forget: what is to be done to its containers before it is forgotten; None while nobody has ordered that.
    """

    why: str
    policy: Policy | None = None
    done: Policy | None = None
    at: str = ""
    by_default: bool = False
    forget: Policy | None = None

    def is_settled(self, policy: Policy) -> bool:
        """Whether no less is done than this policy wants, and that has been reported: nothing is started again."""
        return self.done is not None and _REACH[self.done] >= _REACH[policy]

    @property
    def was_touched(self) -> bool:
        """Whether its containers were stopped or removed for that."""
        return self.done in {"stop", "down"}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Removed:
        """From Redis or a journal."""
        return cls(
            stored.get("why") or "",
            stored.get("policy"),
            stored.get("done"),
            stored.get("at") or "",
            bool(stored.get("by_default")),
            stored.get("forget"),
        )

    def to_json(self) -> dict[str, Any]:
        """For both, and for `tegu status --json`."""
        known = {
            "policy": self.policy,
            "done": self.done,
            "by_default": self.by_default or None,
            "forget": self.forget,
        }
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
