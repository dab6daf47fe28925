"""Whether a decision may be carried out now: pauses, pins, holds, drift and interruptions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from workers.adapters.state.status import StackFacts
from workers.changes.snapshot import Snapshot
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision

# A failure before anything was touched is tried again after so many minutes, the last one from then on.
RETRY_MINUTES = (1, 5, 15, 60)


def is_done(decision: Decision, snapshot: Snapshot | None, recorded: str | None) -> bool:
    """Whether a decision needs neither containers nor files to be touched."""
    if decision.reason is not Reason.UNCHANGED or decision.action is not Action.NONE or snapshot is None:
        return False
    return snapshot.fingerprint == recorded


def outcome_of(decision: Decision) -> Outcome:
    """The outcome of a decision that is not carried out."""
    match decision.reason:
        case Reason.INVALID:
            return Outcome.INVALID
        case Reason.BLOCKED | Reason.MOVED:
            return Outcome.BLOCKED
        case Reason.UNCHANGED:
            return Outcome.UNCHANGED
        case _:
            return Outcome.SKIPPED


def gated(
    decision: Decision, snapshot: Snapshot | None, stack: Stack, facts: StackFacts, now: datetime, *, asked: bool
) -> Decision:
    """The decision, or one to leave the stack alone and why.

    Args:
        decision: what would have to be done.
        snapshot: of the newest content; None when it is invalid.
        stack: with its options.
        facts: its marks.
        now: the time.
        asked: whether somebody asked for this very deployment, which retries what failed.
    """
    if snapshot is None or decision.reason is Reason.INVALID:
        return decision
    if stack.options.paused or facts.pause:
        why = (facts.pause or {}).get("why") or "by option"
        return _skipped(decision, Reason.PAUSED, f"paused: {why}")
    if facts.pin and not asked:
        return _skipped(decision, Reason.PINNED, f"pinned to {facts.pin.get('commit')}")
    if hold := held(facts.hold, snapshot.fingerprint):
        if asked:
            return decision if decision.reason is Reason.FORCED else replace(decision, reason=Reason.RETRIED)
        if hold.get("invalid"):
            return replace(decision, action=Action.NONE, reason=Reason.INVALID, services={}, message=str(hold["why"]))
        if not _may_retry(hold, now):
            return _skipped(decision, Reason.FAILED_BEFORE, str(hold.get("why", "")))
    return decision


def held(hold: Mapping[str, Any] | None, fingerprint: str | None) -> Mapping[str, Any] | None:
    """What is held of this very content; None when it may be tried.

    Args:
        hold: the stack's. `beside` the newest content, what was deployed before may be held: it failed to be healed.
        fingerprint: of the content.
    """
    both = (hold, (hold or {}).get("beside"))
    return next((each for each in both if each and each.get("fingerprint") == fingerprint), None)


def _skipped(decision: Decision, reason: Reason, message: str) -> Decision:
    return replace(
        decision, action=Action.NONE, reason=reason, services={}, networks=(), volumes=(), removed=(), message=message
    )


def _may_retry(hold: Mapping[str, object], now: datetime) -> bool:
    at = hold.get("retry_at")
    return isinstance(at, str) and datetime.fromisoformat(at) <= now


def disturbed(decision: Decision, services: Mapping[str, Action], reason: Reason) -> Decision:
    """A decision that also makes good what was done to these services."""
    known = dict(decision.services)
    for name, action in services.items():
        before = known.get(name, ServiceDecision(Action.NONE))
        if action.strength > before.action.strength:
            known[name] = replace(before, action=Action.RESTART if action is Action.SIGNAL else action, signal=None)
    action = max((Action.UP, decision.action), key=lambda each: each.strength)
    return replace(decision, action=action, reason=reason, services=known, message="")
