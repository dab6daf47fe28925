"""Whether a plan may be carried out now: pauses, holds, worn-out healing, a stop by hand. Pure.

Each rule gives a decision to leave the stack alone, and why, or None; the first that applies counts.
"""

from __future__ import annotations

from dataclasses import replace

from workers.adapters.state.status import StackFacts
from workers.changes.snapshot import Snapshot
from workers.deploy.decide import Proposal
from workers.deploy.drift import acting, worn_out
from workers.deploy.heritage import Heritage
from workers.deploy.observed import Observed
from workers.deploy.plans import (
    CarryOver,
    Deploy,
    Plan,
    Remove,
    Repair,
    Rest,
    WriteFiles,
    disturbed,
    left_pinned,
    planned,
    renamed,
)
from workers.deploy.target import At
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason

_NOT_TRIED = frozenset({Reason.INVALID, Reason.FAILED_BEFORE, Reason.OBSTRUCTED})
_LEFT_ALONE = frozenset({Reason.INVALID, Reason.PAUSED, Reason.INTERRUPTED})


def gate(observed: Observed, proposal: Proposal) -> Plan:
    """The plan, or one to leave the stack alone and why."""
    plan, target = proposal.plan, observed.target
    if not isinstance(plan, Rest | WriteFiles | Deploy) or not isinstance(target, At):
        return plan
    decision, snapshot = _allowed(observed, plan.decision, plan.snapshot), plan.snapshot
    if decision.reason in _NOT_TRIED and (healing := _healed_old_one(observed, proposal.healing)):
        decision, snapshot = healing.decision, healing.snapshot
    decision = stopped_by_hand(observed, decision) or decision
    allowed = planned(decision, snapshot, is_recorded=not isinstance(plan, WriteFiles))
    if isinstance(allowed, Deploy) and decision.reason is Reason.DRIFTED and not observed.request.asked:
        return replace(allowed, worn_out=worn_out(observed.deployed, acting(decision), observed.now))
    return allowed


def said_of(observed: Observed, plan: Plan) -> Decision:
    """The decision of a plan as people are told of it, in a run, by `tegu plan` and `explain`."""
    said = _said_of(observed, plan)
    # What cannot be read has no fingerprint.
    content = plan.snapshot.fingerprint if not isinstance(plan, Remove | Repair) and plan.snapshot else observed.folder
    return replace(said, content=content)


def _said_of(observed: Observed, plan: Plan) -> Decision:
    stack, target = observed.stack, observed.target
    if isinstance(plan, Remove):
        return Decision(stack.id, Action.REMOVE, Reason.REMOVED, message=plan.why)
    if isinstance(plan, CarryOver):
        return renamed(stack, plan.source, observed.newest)
    if isinstance(plan, Repair):
        return Decision(stack.id, Action.UP, Reason.INTERRUPTED, observed.newest)
    decision = plan.decision
    if not isinstance(target, At):
        return decision
    if isinstance(plan, Deploy):
        return replace(decision, reason=Reason.ROLLBACK) if target.is_ordered else decision
    if target.pin and not target.is_ordered and decision.reason is Reason.UNCHANGED:
        return left_pinned(observed.stack, target.pin, observed.newest or "")
    return decision


def _allowed(observed: Observed, decision: Decision, snapshot: Snapshot | None) -> Decision:
    """The decision, or that of the first rule which stands in its way."""
    is_rest = decision.action is Action.NONE and decision.reason is Reason.UNCHANGED
    if snapshot is None or is_rest or decision.reason is Reason.INVALID:
        return decision
    return paused(observed, decision) or undecided(observed, decision) or held(observed, decision, snapshot) or decision


def _healed_old_one(observed: Observed, healing: Deploy | None) -> Deploy | None:
    """What brings back the deployed version where the newest one is not to be tried; None when that may not be."""
    if healing is None:
        return None
    decision = _allowed(observed, healing.decision, healing.snapshot)
    return None if decision.action is Action.NONE else replace(healing, decision=decision)


def stopped_by_hand(observed: Observed, decision: Decision) -> Decision | None:
    """What a stack that somebody stopped asks for; None when nobody did."""
    if decision.reason in _LEFT_ALONE or observed.has_returned or not observed.at_rest:
        return None
    request = observed.request
    if request.asked or observed.stack.options.when_stopped == "start":
        return disturbed(decision, {}, Reason.FORCED if request.force else Reason.RETRIED)
    if decision.action is Action.NONE:
        return None
    message = "stopped by hand; `tegu deploy` starts it"
    return replace(decision, action=Action.NONE, reason=Reason.STOPPED, services={}, message=message)


def paused(observed: Observed, decision: Decision) -> Decision | None:
    """To leave the stack alone where a person or the catalog has paused it, whoever asks."""
    why = why_paused(observed.stack, observed.facts)
    return _skipped(decision, Reason.PAUSED, why) if why else None


def why_paused(stack: Stack, facts: StackFacts) -> str:
    """What is said of a paused stack; nothing of any other."""
    if facts.pause is None and not stack.options.paused:
        return ""
    return f"paused: {(facts.pause.why if facts.pause else '') or 'by option'}"


def undecided(observed: Observed, decision: Decision) -> Decision | None:
    """To begin no twin of a stack that is gone and has data, before somebody has decided what becomes of that."""
    heritage = observed.heritage
    if heritage is None or heritage.goes_on:
        return None
    if not heritage.sources:
        return _skipped(decision, Reason.BLOCKED, heritage.obstacle)
    return _skipped(decision, Reason.MOVED, no_twin(observed.stack, heritage))


def no_twin(stack: Stack, heritage: Heritage) -> str:
    """What is said of a stack that may be another one which is gone, and how to decide."""
    sources = " or ".join(heritage.sources)
    anew = f"or begin anew with `tegu adopt {stack.id} --data leave`"
    if heritage.obstacle:
        return f"{stack.id} cannot go on with {sources}: {heritage.obstacle}; put that right and deploy again, {anew}"
    seems = f"{stack.id} seems to go on with {sources}, which is gone and has data"
    commands = " or ".join(f"`tegu adopt {stack.id} --from {each}`" for each in heritage.sources)
    message = f"{seems}; decide with {commands}, {anew}"
    if heritage.project and heritage.project != stack.project:
        message += f" (with `project: {heritage.project}` in its entry of the catalog, its containers and volumes stay)"
    return message


def held(observed: Observed, decision: Decision, snapshot: Snapshot) -> Decision | None:
    """To leave content alone that has failed, until somebody asks or its time has come, which may be told, too."""
    hold = observed.facts.hold.of(snapshot.fingerprint) if observed.facts.hold else None
    if hold is None:
        return None
    if observed.request.asked:
        return decision if decision.reason is Reason.FORCED else replace(decision, reason=Reason.RETRIED)
    if hold.invalid:
        return replace(decision, action=Action.NONE, reason=Reason.INVALID, services={}, message=hold.why)
    if hold.retry_at and (observed.request.again or hold.may_retry(observed.now)):
        return None
    return _skipped(decision, Reason.OBSTRUCTED if hold.obstructed else Reason.FAILED_BEFORE, hold.why)


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


def _skipped(decision: Decision, reason: Reason, message: str) -> Decision:
    return replace(
        decision, action=Action.NONE, reason=reason, services={}, networks=(), volumes=(), removed=(), message=message
    )
