"""A stack's status in one word, and its row of `tegu status --json`. Pure: nothing here reads anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.model.words import Outcome, Reason, StackStatus

_ROW = (
    "deployed_commit",
    "verified_commit",
    "latest_commit",
    "last_decision",
    "last_deployment",
    "drift",
)


@dataclass(frozen=True, slots=True)
class StackFacts:
    """All that is known of a stack.

    `fields` are those of its status hash (`Records.status`); `leased` says that its lock is held, `waiting` that
    a run waits for it; a mark is None when there is none.
    """

    stack: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    pause: Mapping[str, Any] | None = None
    hold: Mapping[str, Any] | None = None
    pin: Mapping[str, Any] | None = None
    leased: bool = False
    waiting: bool = False


def status_of(facts: StackFacts) -> StackStatus:
    """The first status that applies, in the order in which `StackStatus` has them."""
    fields = facts.fields
    reason = (fields.get("last_decision") or {}).get("reason")
    outcome = _standing_outcome(facts)
    applies = {
        StackStatus.REMOVED: bool(fields.get("removed")),
        StackStatus.INVALID: reason == Reason.INVALID,
        StackStatus.DEPLOYING: facts.leased,
        StackStatus.PAUSED: facts.pause is not None or bool(fields.get("paused_by_option")),
        StackStatus.STOPPED: bool(fields.get("stopped")) or reason == Reason.STOPPED,
        StackStatus.BLOCKED: reason in {Reason.BLOCKED, Reason.MOVED},
        StackStatus.FAILED: outcome == Outcome.FAILED,
        StackStatus.ROLLED_BACK: outcome == Outcome.ROLLED_BACK,
        StackStatus.PENDING: reason != Reason.SELF and (facts.waiting or (not facts.pin and _behind(fields))),
        StackStatus.DEPLOYED: bool(fields.get("deployed_commit")),
    }
    return next((status for status, holds in applies.items() if holds), StackStatus.UNKNOWN)


def status_row(facts: StackFacts) -> dict[str, Any]:
    """What `tegu status --json` and the API show of a stack."""
    return {
        "stack": facts.stack,
        "status": str(status_of(facts)),
        **{name: facts.fields.get(name) for name in _ROW},
        "paused": facts.pause,
        "held": facts.hold,
        "pinned": facts.pin,
    }


def _behind(fields: Mapping[str, Any]) -> bool:
    latest = fields.get("latest_commit")
    return latest is not None and latest != fields.get("verified_commit")


def _standing_outcome(facts: StackFacts) -> str | None:
    """The last deployment's outcome, unless a later look found that what runs is what is wanted.

    While a newer version is held, that one's: what was deployed before may have been healed since.
    """
    last = facts.fields.get("last_deployment") or {}
    decision = facts.fields.get("last_decision") or {}
    if decision.get("reason") == Reason.UNCHANGED and (decision.get("at") or "") > (last.get("at") or ""):
        return None
    outcome: str | None = last.get("outcome")
    if outcome == Outcome.DEPLOYED and facts.hold and not facts.pin and _behind(facts.fields):
        return facts.hold.get("outcome")
    return outcome
