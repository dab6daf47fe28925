"""What a worker says of a stack to whoever looks at a page: values with a bounded form in JSON, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from workers.model.commit import CommitNote
from workers.model.messages import shortened
from workers.model.words import Action, Decision, Reason, ServiceDecision

MOST_NAMES = 200
"""So many paths, services and the like are named of each kind."""
MOST_COMMITS = 50
MOST_LINES = 2000
"""Of all files of a difference together."""
MOST_CHARACTERS = 200_000
"""Likewise."""
LONGEST_LINE = 500


@dataclass(frozen=True, slots=True)
class CommitBetween:
    """A commit that one of two has and the other has not.

    Attributes:
        id: in full.
        note: what it says.
        is_gained: whether the newer one has it; else it is taken back.
        reaches: whether it changed something of what differs of the stack.
    """

    id: str
    note: CommitNote
    is_gained: bool
    reaches: bool

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CommitBetween:
        """From an answer."""
        return cls(stored["id"], CommitNote.from_json(stored), bool(stored["gained"]), bool(stored["reaches"]))

    def to_json(self) -> dict[str, Any]:
        """For an answer."""
        return {"id": self.id, **self.note.to_json(), "gained": self.is_gained, "reaches": self.reaches}


@dataclass(frozen=True, slots=True)
class Between:
    """The commits between two, the newest first, and whether there are more than are named."""

    commits: tuple[CommitBetween, ...] = ()
    has_more: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Between:
        """From an answer."""
        return cls(tuple(CommitBetween.from_json(each) for each in stored["commits"]), bool(stored["more"]))

    def to_json(self) -> dict[str, Any]:
        """For an answer."""
        return {"commits": [each.to_json() for each in self.commits[:MOST_COMMITS]], "more": self.has_more}


@dataclass(frozen=True, slots=True)
class Foretold:
    """What would come of an order.

    Attributes:
        decision: what would be done, and why.
        deployed: the commit that is deployed; None for none.
        others: the services that the decision does not name.
        under_way: whether a deployment is under way: this would come after it.
        sees_engine: whether the stack's engine was asked; else what runs was taken to be as it was left.
        between: the commits from what is deployed to where the stack would be.
    """

    decision: Decision
    deployed: str | None
    others: tuple[str, ...] = ()
    under_way: bool = False
    sees_engine: bool = True
    between: Between = field(default_factory=Between)

    @property
    def seal(self) -> str:
        """Tells it from every other: what was shown from what would be done now."""
        said = [self.deployed, _decision_json(self.decision), self.others]
        return blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Foretold:
        """From an answer."""
        return cls(
            decision=_decision_of(stored["decision"]),
            deployed=stored["deployed"],
            others=tuple(stored["others"]),
            under_way=bool(stored["under_way"]),
            sees_engine=bool(stored["sees_engine"]),
            between=Between.from_json(stored["between"]),
        )

    def to_json(self) -> dict[str, Any]:
        """For an answer."""
        return {
            "decision": _decision_json(self.decision),
            "deployed": self.deployed,
            "others": list(self.others[:MOST_NAMES]),
            "under_way": self.under_way,
            "sees_engine": self.sees_engine,
            "between": self.between.to_json(),
        }


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A path and the lines that say how it differs; `left_out` of them are not in here."""

    path: str
    lines: tuple[str, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between what is deployed and the newest commit.

    Attributes:
        old: the deployed commit; None for none.
        new: the newest one.
        files: that differ, secrets masked.
        files_left_out: how many more there are.
        inputs: what differs outside Git, by name.
        between: the commits.
    """

    old: str | None
    new: str
    files: tuple[FileDifference, ...]
    files_left_out: int
    inputs: tuple[str, ...]
    between: Between

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Differences:
        """From an answer."""
        files = (FileDifference(each["path"], tuple(each["lines"]), each["left_out"]) for each in stored["files"])
        return cls(
            stored["old"],
            stored["new"],
            tuple(files),
            stored["files_left_out"],
            tuple(stored["inputs"]),
            Between.from_json(stored["between"]),
        )

    def to_json(self) -> dict[str, Any]:
        """For an answer."""
        return {
            "old": self.old,
            "new": self.new,
            "files": [{"path": each.path, "lines": list(each.lines), "left_out": each.left_out} for each in self.files],
            "files_left_out": self.files_left_out,
            "inputs": list(self.inputs[:MOST_NAMES]),
            "between": self.between.to_json(),
        }


@dataclass(frozen=True, slots=True)
class ComposeLine:
    """How Compose is called for a stack on its worker's host.

    Attributes:
        command: to be copied into a shell there; a subcommand follows.
        variables: the names of those that the stack has: Compose is to have them, and they are in no command.
    """

    command: str
    variables: tuple[str, ...]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ComposeLine:
        """From an answer."""
        return cls(stored["command"], tuple(stored["variables"]))

    def to_json(self) -> dict[str, Any]:
        """For an answer."""
        return {"command": self.command, "variables": list(self.variables[:MOST_NAMES])}


def _decision_json(decision: Decision) -> dict[str, Any]:
    services = sorted(decision.services.items())[:MOST_NAMES]
    return {
        "stack": decision.stack,
        "action": decision.action,
        "reason": decision.reason,
        "commit": decision.commit,
        "services": {
            name: {"action": each.action, "paths": list(each.paths[:MOST_NAMES]), "signal": each.signal}
            for name, each in services
        },
        "message": shortened(decision.message),
        **{name: list(getattr(decision, name)[:MOST_NAMES]) for name in _NAMED},
    }


_NAMED = ("paths", "inputs", "networks", "volumes", "removed")


def _decision_of(stored: Mapping[str, Any]) -> Decision:
    services = {
        name: ServiceDecision(Action(each["action"]), tuple(each["paths"]), each["signal"])
        for name, each in stored["services"].items()
    }
    return Decision(
        stored["stack"],
        Action(stored["action"]),
        Reason(stored["reason"]),
        stored["commit"],
        services=services,
        message=stored["message"],
        paths=tuple(stored["paths"]),
        inputs=tuple(stored["inputs"]),
        networks=tuple(stored["networks"]),
        volumes=tuple(stored["volumes"]),
        removed=tuple(stored["removed"]),
    )
