"""What is to be done about one stack, as data: whoever carries it out decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from workers.adapters.state.marks import Pin
from workers.changes.snapshot import Snapshot
from workers.deploy.lost import Lost
from workers.deploy.transaction.intent import Intent
from workers.model.refs import no_ref
from workers.model.stack import Policy, Stack
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision


@dataclass(frozen=True, slots=True)
class Rest:
    """Touch nothing.

    Attributes:
        decision: to do nothing, and why.
        snapshot: of the content; None where it is invalid, or nobody looked.
        outcome: that of the decision's reason unless it says otherwise.
    """

    decision: Decision
    snapshot: Snapshot | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class WriteFiles:
    """Write files that reach no service."""

    decision: Decision
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Deploy:
    """Bring containers to what `snapshot` says.

    Attributes:
        decision: what each service needs.
        snapshot: of the content.
        worn_out: services that were healed again and again and do not last: it is not tried, and counts as failed.
    """

    decision: Decision
    snapshot: Snapshot
    worn_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remove:
    """Do what `policy` says about a deployed stack that is none any more, and `why`."""

    policy: Policy
    why: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Give up an interrupted attempt, since something else is wanted by now."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Recover:
    """Write down again what is deployed."""

    lost: Lost


@dataclass(frozen=True, slots=True)
class CarryOver:
    """Go on with what another stack has, which is gone."""

    source: str


Repair: TypeAlias = TakeBack | Recover | CarryOver
"""What comes first; then everything is observed anew."""

Plan: TypeAlias = Rest | WriteFiles | Deploy | Remove | TakeBack | Recover | CarryOver


def planned(decision: Decision, snapshot: Snapshot | None, *, is_recorded: bool) -> Plan:
    """The plan that a decision about content comes to.

    Args:
        decision: what each service needs.
        snapshot: of the content; None where it is invalid.
        is_recorded: whether what is deployed is this very content.
    """
    if snapshot is not None and decision.action is not Action.NONE:
        return Deploy(decision, snapshot)
    if snapshot is None or is_recorded or decision.reason is not Reason.UNCHANGED:
        return Rest(decision, snapshot)
    return WriteFiles(decision, snapshot)


def disturbed(decision: Decision, services: Mapping[str, Action], reason: Reason) -> Decision:
    """A decision that also makes good what was done to these services."""
    known = dict(decision.services)
    for name, action in services.items():
        before = known.get(name, ServiceDecision(Action.NONE))
        if action.strength > before.action.strength:
            known[name] = replace(before, action=Action.RESTART if action is Action.SIGNAL else action, signal=None)
    action = max((Action.UP, decision.action), key=lambda each: each.strength)
    return replace(decision, action=action, reason=reason, services=known, message="")


def left_pinned(stack: Stack, pin: Pin, newest: str) -> Decision:
    """The decision to leave a stack where it was rolled back to."""
    until = "a push changes it" if pin.until == "push" else f"`tegu resume {stack.name}`"
    where = f"rolled back to {pin.commit[:12]} by {pin.who or 'somebody'}"
    return Decision(stack.id, Action.NONE, Reason.PINNED, newest, message=f"{where}, and stays there until {until}")


def carried(
    plan: Rest | WriteFiles | Deploy | Remove, stack: Stack, source: str
) -> Rest | WriteFiles | Deploy | Remove:
    """The plan as it is told of a stack that has just been carried over, where nothing else is to be done."""
    if not isinstance(plan, Rest) or plan.decision.reason is not Reason.UNCHANGED:
        return plan
    return replace(plan, decision=renamed(stack, source, plan.decision.commit), outcome=Outcome.DEPLOYED)


def renamed(stack: Stack, source: str, commit: str | None) -> Decision:
    """The decision to go on with what another stack has."""
    message = f"{source} goes on as {stack.id}, with its containers, project and directory; nothing restarts"
    return Decision(stack.id, Action.NONE, Reason.RENAMED, commit, message=message)


def without_ref(stack: Stack) -> Decision:
    """The decision about a stack whose ref is not there."""
    return Decision(stack.id, Action.NONE, Reason.INVALID, None, message=no_ref(stack.repo, stack.ref))


def folder_gone(stack: Stack) -> str:
    """What to say of a stack of the catalog whose folder is not there any more."""
    return f"{stack.path} is gone from {stack.repo}"
