"""The words of `workers.model.words` in sentences, and how each is coloured; every page says the same of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from workers.model.words import Action, Outcome, PullStatus, Reason, RunStatus, StackStatus, Trigger


class Tone(StrEnum):
    """How something is coloured: by what it asks of whoever looks. The word is that of the style sheet."""

    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


STATUS: Mapping[StackStatus, tuple[Tone, str]] = {
    StackStatus.FAILED: (Tone.BAD, "failed"),
    StackStatus.ROLLED_BACK: (Tone.BAD, "rolled back"),
    StackStatus.INVALID: (Tone.BAD, "invalid"),
    StackStatus.BLOCKED: (Tone.BAD, "blocked"),
    StackStatus.DEGRADED: (Tone.BAD, "not well"),
    StackStatus.DRIFTED: (Tone.WARN, "drifted"),
    StackStatus.PENDING: (Tone.BUSY, "waits"),
    StackStatus.DEPLOYING: (Tone.BUSY, "deploying"),
    StackStatus.PAUSED: (Tone.WARN, "paused"),
    StackStatus.STOPPED: (Tone.WARN, "stopped"),
    StackStatus.UNKNOWN: (Tone.QUIET, "not looked at yet"),
    StackStatus.DEPLOYED: (Tone.GOOD, "deployed"),
    StackStatus.REMOVED: (Tone.QUIET, "gone"),
}
"""Every status, the most troublesome first: the order in which stacks are shown."""

NEEDS_YOU = frozenset(
    {
        StackStatus.FAILED,
        StackStatus.ROLLED_BACK,
        StackStatus.INVALID,
        StackStatus.BLOCKED,
        StackStatus.DEGRADED,
        StackStatus.DRIFTED,
        StackStatus.STOPPED,
    }
)
"""What does not mend itself, or not surely. What waits, or was paused on purpose, is only counted."""

OUTCOME: Mapping[Outcome, tuple[Tone, str]] = {
    Outcome.UNCHANGED: (Tone.QUIET, "unchanged"),
    Outcome.DEPLOYED: (Tone.GOOD, "deployed"),
    Outcome.FAILED: (Tone.BAD, "failed"),
    Outcome.ROLLED_BACK: (Tone.BAD, "rolled back"),
    Outcome.BLOCKED: (Tone.BAD, "blocked"),
    Outcome.SKIPPED: (Tone.QUIET, "left alone"),
    Outcome.INVALID: (Tone.BAD, "invalid"),
    Outcome.CANCELLED: (Tone.WARN, "cancelled"),
    Outcome.SUPERSEDED: (Tone.QUIET, "superseded"),
    Outcome.REMOVED: (Tone.QUIET, "removed"),
}

RUN: Mapping[RunStatus, tuple[Tone, str]] = {
    RunStatus.QUEUED: (Tone.BUSY, "queued"),
    RunStatus.RUNNING: (Tone.BUSY, "running"),
    RunStatus.SUCCEEDED: (Tone.GOOD, "succeeded"),
    RunStatus.FAILED: (Tone.BAD, "failed"),
}

PULL: Mapping[PullStatus, tuple[Tone, str]] = {
    PullStatus.QUEUED: (Tone.BUSY, "queued"),
    PullStatus.RUNNING: (Tone.BUSY, "pulling"),
    PullStatus.SUCCEEDED: (Tone.GOOD, "pulled"),
    PullStatus.FAILED: (Tone.BAD, "failed"),
    PullStatus.SUPERSEDED: (Tone.QUIET, "left to a later run"),
}

_DONE: Mapping[Action, str] = {
    Action.NONE: "left running",
    Action.SIGNAL: "signalled",
    Action.RESTART: "restarted",
    Action.RECREATE: "recreated",
    Action.UP: "brought up",
    Action.BUILD: "built",
    Action.REMOVE: "taken down",
}

_TO_DO: Mapping[Action, str] = {
    Action.NONE: "leave alone",
    Action.SIGNAL: "signal",
    Action.RESTART: "restart",
    Action.RECREATE: "recreate",
    Action.UP: "bring up",
    Action.BUILD: "build and bring up",
    Action.REMOVE: "take down",
}

_WHY: Mapping[Reason, str] = {
    Reason.UNCHANGED: "nothing that reaches it changed",
    Reason.FIRST_DEPLOY: "first deployment",
    Reason.CONTENT_CHANGED: "its files changed",
    Reason.OPTIONS_CHANGED: "its options in the catalog changed",
    Reason.DRIFTED: "its containers were not as deployed",
    Reason.INTERRUPTED: "an earlier deployment had been interrupted",
    Reason.FORCED: "somebody asked for every service anew",
    Reason.RETRIED: "tried again",
    Reason.ROLLBACK: "rolled back by hand",
    Reason.FAILED_BEFORE: "this content failed before",
    Reason.PAUSED: "it is paused",
    Reason.PINNED: "it is kept at an earlier commit",
    Reason.STOPPED: "somebody has stopped it",
    Reason.WAITING: "it waits for others",
    Reason.OBSTRUCTED: "something on its host is in the way",
    Reason.BLOCKED: "what it comes after has failed",
    Reason.MOVED: "its data lies elsewhere, and somebody has to decide",
    Reason.SELF: "it is Tegu's own",
    Reason.SUPERSEDED: "a newer commit came in between",
    Reason.INVALID: "what it is made of is not valid",
    Reason.REMOVED: "it is gone from its repository or the catalog",
    Reason.RENAMED: "carried over from its former name",
}

_BY: Mapping[Trigger, str] = {
    Trigger.WEBHOOK: "a push",
    Trigger.POLL: "the poll",
    Trigger.RECONCILE: "the regular look",
    Trigger.API: "the API",
    Trigger.CLI: "the command line",
    Trigger.PAGE: "the page",
    Trigger.RETRY: "a further try",
    Trigger.CALL: "a call",
}

_SHOWN_NAMES = 2


def listed(names: Sequence[str], shown: int = _SHOWN_NAMES) -> str:
    """Some names: `a`, `a and b`, `a, b and 3 more`."""
    if len(names) <= shown:
        return " and ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def done(action: Action | None, services: Sequence[str] = ()) -> str:
    """What was done: `restarted web and db`."""
    word = _DONE[action or Action.NONE]
    return f"{word} {listed(services)}" if services else word


def to_do(action: Action) -> str:
    """What is to be done: `restart`."""
    return _TO_DO[action]


def why(reason: Reason | None, paths: Sequence[str] = (), inputs: Sequence[str] = ()) -> str:
    """Why: `config.yml changed`. Paths are shown by their last part; what is outside Git by name."""
    if reason in {Reason.CONTENT_CHANGED, Reason.OPTIONS_CHANGED} and (paths or inputs):
        names = [path.rpartition("/")[2] or path for path in paths] + [_outside(name) for name in inputs]
        return f"{listed(names)} changed"
    return _WHY[reason] if reason else ""


def triggered(trigger: Trigger | None, who: str | None) -> str:
    """What started something, and who: `a push (github)`."""
    said = _BY[trigger] if trigger else "nobody knows what"
    return f"{said} ({who})" if who and who != trigger else said


def _outside(name: str) -> str:
    """An input outside Git, `variable:DOMAIN`, as people call it."""
    kind, _, rest = name.partition(":")
    return f"{kind} {rest.rpartition('/')[2]}" if rest else name
