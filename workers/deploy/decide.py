"""What would bring a stack to where it is to be: one function of what was observed. Pure.

What is seen of its content comes through `Sight`: immutable objects of Git and files of the host. Whether the plan may
be carried out now is for `gate` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from workers.adapters.state.deployed import Deployed
from workers.changes.snapshot import Snapshot
from workers.deploy.containers.provenance import IsNamed, named_otherwise
from workers.deploy.observed import Observed
from workers.deploy.plans import (
    CarryOver,
    Deploy,
    Plan,
    Recover,
    Remove,
    Rest,
    TakeBack,
    disturbed,
    folder_gone,
    left_pinned,
    planned,
    without_ref,
)
from workers.deploy.target import At, NoRef, OutOfReach
from workers.model.errors import UnknownName
from workers.model.words import Action, Decision, Outcome, Reason


class Change(Protocol):
    """What a commit asks for, and what the stack is made of there (None: it is invalid)."""

    @property
    def decision(self) -> Decision:
        """What has to be done."""
        ...

    @property
    def snapshot(self) -> Snapshot | None:
        """Of the content."""
        ...


class Sight(Protocol):
    """What can be seen of a stack's content (`workers.deploy.sight`)."""

    def compare(
        self, record: Deployed | None, commit: str, *, force: bool = False, asks_engine: bool = False
    ) -> Change:
        """What the stack needs at a commit."""
        ...

    def is_named(self, snapshot: Snapshot) -> IsNamed:
        """Whether a snapshot names an image for a service."""
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would bring the stack there; `healing` what would bring back what is deployed, where that is amiss."""

    plan: Plan
    healing: Deploy | None = None


def decide(observed: Observed, sight: Sight) -> Proposal:
    """What would bring the stack to where it is to be, whether or not that may be done now.

    Args:
        observed: all that is known.
        sight: its content.

    Raises:
        UnknownName: a commit is gone.
    """
    heritage = observed.heritage
    if heritage is not None and observed.journal.carried is not None:
        return Proposal(CarryOver(heritage.sources[0]))  # it has begun
    if observed.lost is not None:
        return Proposal(Recover(observed.lost))
    intent = observed.interrupted.intent
    if intent is not None and not intent.switched:
        return Proposal(TakeBack(intent))  # no container was touched
    stack, target = observed.stack, observed.target
    if isinstance(target, NoRef):
        return Proposal(Rest(without_ref(stack)))
    if isinstance(target, OutOfReach):
        return Proposal(_out_of_reach(observed, target))
    if _is_gone(observed, target):
        return Proposal(Remove(stack.options.when_removed, folder_gone(stack)))
    if heritage is not None and heritage.goes_on and observed.has_folder:
        return Proposal(CarryOver(heritage.sources[0]))
    return _about_content(observed, sight, target)


def _about_content(observed: Observed, sight: Sight, target: At) -> Proposal:
    change = sight.compare(observed.deployed, target.commit, force=observed.request.force, asks_engine=True)
    decision, snapshot = change.decision, change.snapshot
    if (intent := observed.interrupted.intent) is not None and (
        snapshot is None or snapshot.fingerprint != intent.fingerprint or observed.request.force
    ):
        return Proposal(TakeBack(intent))
    decision = _corrected(observed, sight, widened(observed, decision), snapshot)
    plan = planned(decision, snapshot, is_recorded=_is_recorded(observed, snapshot))
    return Proposal(plan, _healing(observed, sight))


def widened(observed: Observed, decision: Decision) -> Decision:
    """With what has to be done on top of what changed: the first that applies."""
    if decision.reason is Reason.INVALID:
        return decision
    interrupted = observed.interrupted
    if interrupted.intent is not None:
        return _again(decision, interrupted.intent.services, interrupted.intent.network_keys)
    if interrupted.disturbed:
        return _again(decision, interrupted.disturbed, interrupted.networks)
    if observed.has_returned:
        return disturbed(decision, {}, Reason.FIRST_DEPLOY)
    if decision.action is not Action.NONE:
        return decision
    if observed.has_moved:
        return disturbed(decision, {}, Reason.OPTIONS_CHANGED)
    return disturbed(decision, observed.drift, Reason.DRIFTED) if observed.drift else decision


def _again(decision: Decision, services: Mapping[str, Action], networks: Iterable[str]) -> Decision:
    again = disturbed(decision, services, Reason.INTERRUPTED)
    return replace(again, networks=tuple(sorted({*again.networks, *networks})))


def _corrected(observed: Observed, sight: Sight, decision: Decision, snapshot: Snapshot | None) -> Decision:
    """The decision, or what brings services to the images that the files name, where all that is left is to say so.

    A record that moves on says that what it names is deployed. Releases before this one took another digest for no
    difference, so what runs may still be the old image.
    """
    record = observed.deployed
    if decision.reason is not Reason.UNCHANGED or snapshot is None or record is None:
        return decision
    if record.fingerprint == snapshot.fingerprint:
        return decision
    others = named_otherwise(observed.containers or (), observed.images, sight.is_named(snapshot))
    return disturbed(decision, dict.fromkeys(others, Action.RECREATE), Reason.DRIFTED) if others else decision


def _is_recorded(observed: Observed, snapshot: Snapshot | None) -> bool:
    record = observed.deployed
    if record is None or snapshot is None:
        return True
    return record.fingerprint == snapshot.fingerprint and not observed.is_of_another_repo


def _healing(observed: Observed, sight: Sight) -> Deploy | None:
    """What brings the deployed version back, in case that the newest one is not to be tried; None for nothing amiss.

    What an attempt has left that could not be taken back is amiss, too, unless nobody wants it taken back.
    """
    record, left = observed.deployed, observed.interrupted
    back = {name: Action.UP if action is Action.BUILD else action for name, action in left.disturbed.items()}
    amiss = {**back, **observed.drift}  # what brings back a container that is there is what its difference asks for
    if not amiss or record is None or left.intent or (back and not observed.stack.options.rollback):
        return None
    try:
        change = sight.compare(record, record.commit, force=observed.request.force, asks_engine=True)
    except UnknownName:
        return None
    if change.snapshot is None or change.decision.action is not Action.NONE:
        return None
    decision = disturbed(change.decision, amiss, Reason.DRIFTED)
    return Deploy(replace(decision, networks=tuple(sorted(left.networks))), change.snapshot)


def _is_gone(observed: Observed, target: At) -> bool:
    """Whether it is deployed, and the folder is not there any more."""
    return target.pin is None and observed.deployed is not None and not observed.has_folder


def _out_of_reach(observed: Observed, target: OutOfReach) -> Rest:
    """A pin to a commit that the clone does not have: a rollback to it fails, one that was done stands."""
    newest = observed.newest or ""
    if target.pin.reached:
        return Rest(left_pinned(observed.stack, target.pin, newest))
    decision = Decision(observed.stack.id, Action.NONE, Reason.ROLLBACK, newest, message=target.problem)
    return Rest(decision, outcome=Outcome.FAILED)
