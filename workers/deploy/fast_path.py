"""The quick look at one stack, without a lock: either it needs nothing, which is told in two round trips, or more.

It reads no Compose file: what is neither plainly unchanged nor, by all that is known, as it was when it was last
decided to leave it alone (`settled`), is handed over to the deployment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from workers.adapters.state.deployed import Deployed, Home
from workers.adapters.state.fast_path import Look
from workers.adapters.state.results import StackResult
from workers.changes.decision import is_unchanged
from workers.changes.tree import Tree
from workers.deploy.files.layout import Folders
from workers.deploy.gate import outcome_of
from workers.deploy.settled import remembered
from workers.model.errors import UnknownName
from workers.model.refs import same_format
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services


@dataclass(frozen=True, slots=True)
class HandOver:
    """A stack that is for the deployment queue of its worker; `runs` wait for it."""

    stack: str
    worker: str
    runs: tuple[str, ...]


def decide_quickly(services: Services, stack_id: str, force: bool, taker: str) -> StackResult | HandOver:
    """Look at one stack.

    The runs are taken before the newest commit is read: a push that comes in between is seen, and one that comes
    later finds nobody waiting and publishes a task of its own.

    Args:
        services: the process's.
        stack_id: the stack, in full.
        force: every service is to be recreated.
        taker: the task's id; a second delivery gets the runs that its first one took.

    Returns:
        What has become of the stack when its part in all waiting runs is over, else what to hand over.
    """
    look = services.state.quick.look(stack_id, taker)
    if not look.runs:
        return StackResult(stack_id, Action.NONE, Reason.SUPERSEDED, Outcome.SUPERSEDED)
    try:
        stack = services.stacks.find(stack_id, remembered=True)
    except UnknownName as error:
        removed = StackResult(stack_id, Action.NONE, Reason.REMOVED, Outcome.REMOVED, message=str(error))
        services.state.runs.finish(look.runs, removed)
        return removed
    if force or look.asked or stack.worker != services.settings.worker:
        return HandOver(stack_id, stack.worker, look.runs)
    decision = seen_quickly(services, stack, look)
    if decision is None:
        return HandOver(stack_id, stack.worker, look.runs)
    return services.state.quick.finish_unchanged(look.runs, decision, outcome_of(decision))


def seen_quickly(services: Services, stack: Stack, look: Look) -> Decision | None:
    """The decision to do nothing; None when somebody has to look closely."""
    commit = services.clone(stack.repo).newest(stack.ref)
    if commit is None or look.facts.leased:
        return None
    if is_unchanged_at(services, stack, look, commit):
        return Decision(stack.id, Action.NONE, Reason.UNCHANGED, commit)
    return None if look.again else remembered(services, stack, look, commit, datetime.now(UTC))


def is_unchanged_at(services: Services, stack: Stack, look: Look, commit: str) -> bool:
    """Whether what is deployed is what a commit holds, and nothing else is to be done about it."""
    known, pin = look.facts.known, look.facts.pin
    if look.record is None or known.drift or known.removed or (pin and not pin.reached):
        return False
    if Folders.are_unfinished(services.settings.data_dir, stack):
        return False
    return is_as_recorded(services, stack, look.record, services.clone(stack.repo).tree(commit))


def is_as_recorded(services: Services, stack: Stack, record: Deployed, tree: Tree) -> bool:
    """Whether what is deployed is what the tree holds."""
    if record.repo_of(stack) != stack.repo:
        return False  # objects that would have to be opened may be in another clone
    if not same_format(record.commit, tree.commit):
        return False  # and here they are nowhere
    if record.path != stack.path or record.home(stack) != Home.of(stack):
        return False
    return is_unchanged(stack, record.snapshot, tree, services.outside(stack), services.key)
