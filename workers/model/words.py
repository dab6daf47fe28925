"""The words that log, API, command line and pages share, and a decision in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Action(StrEnum):
    """What has to be done to a service or a stack, from the weakest to the strongest.

    `REMOVE` is for stacks only; a service that left the model counts as `UP`.
    """

    NONE = "none"
    SIGNAL = "signal"
    RESTART = "restart"
    RECREATE = "recreate"
    UP = "up"
    BUILD = "build"
    REMOVE = "remove"

    @property
    def strength(self) -> int:
        """The place in the order of strength, from 0."""
        return _STRENGTH[self]


_STRENGTH = {action: place for place, action in enumerate(Action)}


class Reason(StrEnum):
    """Why a decision came out as it did."""

    UNCHANGED = "unchanged"
    FIRST_DEPLOY = "first_deploy"
    CONTENT_CHANGED = "content_changed"
    OPTIONS_CHANGED = "options_changed"
    DRIFTED = "drifted"
    INTERRUPTED = "interrupted"
    FORCED = "forced"
    RETRIED = "retried"
    ROLLBACK = "rollback"
    FAILED_BEFORE = "failed_before"
    PAUSED = "paused"
    PINNED = "pinned"
    STOPPED = "stopped"
    WAITING = "waiting"
    OBSTRUCTED = "obstructed"
    BLOCKED = "blocked"
    MOVED = "moved"
    SELF = "self"
    SUPERSEDED = "superseded"
    INVALID = "invalid"
    REMOVED = "removed"
    RENAMED = "renamed"


class Outcome(StrEnum):
    """How a stack ended in a run."""

    UNCHANGED = "unchanged"
    DEPLOYED = "deployed"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REMOVED = "removed"

    @property
    def bad(self) -> bool:
        """Whether a run with this outcome in it has failed."""
        return self in {Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.BLOCKED, Outcome.INVALID}


class News(StrEnum):
    """What a receiver may ask to hear of: outcomes, and that what it was told was bad is well again."""

    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    BLOCKED = "blocked"
    INVALID = "invalid"
    RECOVERED = "recovered"
    DEPLOYED = "deployed"


class RunStatus(StrEnum):
    """Where a run or a deployment stands; a deployment is never queued."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self in {RunStatus.SUCCEEDED, RunStatus.FAILED}


class PullStatus(StrEnum):
    """Where a worker's pull in a run stands; a superseded one left its work to that of a later run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class StackStatus(StrEnum):
    """Where a stack stands; the first that applies, in this order."""

    REMOVED = "removed"
    INVALID = "invalid"
    DEPLOYING = "deploying"
    PAUSED = "paused"
    STOPPED = "stopped"
    BLOCKED = "blocked"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    PENDING = "pending"
    DRIFTED = "drifted"
    DEGRADED = "degraded"
    DEPLOYED = "deployed"
    UNKNOWN = "unknown"


class Trigger(StrEnum):
    """What started a run."""

    WEBHOOK = "webhook"
    POLL = "poll"
    RECONCILE = "reconcile"
    API = "api"
    CLI = "cli"
    PAGE = "page"
    RETRY = "retry"
    CALL = "call"

    @classmethod
    def named(cls, word: str | None) -> Trigger:
        """The trigger of a name; whoever sends a message by hand may give any, or none, and has called."""
        return next((each for each in cls if each == word), cls.CALL)


class Entry(NamedTuple):
    """What a Git tree says of one path: the mode (0o100644, 0o100755, 0o120000, 0o040000, 0o160000) and object id."""

    mode: int
    oid: str


@dataclass(frozen=True, slots=True)
class ServiceDecision:
    """What one service needs, and because of which paths. `signal` is set when `action` is `SIGNAL`."""

    action: Action
    paths: tuple[str, ...] = ()
    signal: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a stack at a commit. Pure and explainable.

    `paths` are repository paths whose content differs; `inputs` names the inputs outside Git that
    differ (`variable:DOMAIN`, `file:services/a/.env`, `option:profiles`), never their values; `networks`
    and `volumes` are keys of the model whose definition changed; `removed` are services that left the model or whose
    profile was dropped; `message` is for people (why a stack is invalid, blocked, …); `objects` has the old and the
    new object id of each path, None where there is nothing; `content` identifies what it is about, where that is known.
    """

    stack: str
    action: Action
    reason: Reason
    commit: str | None = None
    paths: tuple[str, ...] = ()
    services: Mapping[str, ServiceDecision] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    message: str = ""
    objects: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict, compare=False)
    content: str = field(default="", compare=False)
