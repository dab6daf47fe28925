"""The quick looks at one stack, without a lock: either it needs nothing, which is told in two round trips, or more.

The first one reads files of no stack: whatever is not plainly unchanged is handed over to the deployment. That takes a
second one, `settled`, which also tells what is paused, held or invalid, before it looks again under the stack's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workers.adapters.state.deployed import Deployed, Home
from workers.adapters.state.fast_path import Look
from workers.adapters.state.results import StackResult
from workers.changes.decision import is_unchanged
from workers.changes.tree import Tree
from workers.deploy.decide import decide
from workers.deploy.files.layout import Folders
from workers.deploy.gate import gate, said_of
from workers.deploy.observe import without_engine
from workers.deploy.observed import Observed, Request
from workers.deploy.plans import Rest, folder_gone, without_ref
from workers.deploy.sight import Sight
from workers.deploy.target import At, NoRef
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


def decide_quickly(
    services: Services, stack_id: str, run: str | None, force: bool, taker: str
) -> StackResult | HandOver:
    """Look at one stack.

    The runs are taken before the newest commit is read: a push that comes in between is seen, and one that comes
    later finds nobody waiting and publishes a task of its own.

    Args:
        services: the process's.
        stack_id: the stack, in full.
        run: the run that the message came from.
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
    if force or stack.worker != services.settings.worker or _is_asked_for(services, look.runs, run):
        return HandOver(stack_id, stack.worker, look.runs)
    commit = unchanged_at(services, stack, look)
    if commit is None:
        return HandOver(stack_id, stack.worker, look.runs)
    decision = Decision(stack_id, Action.NONE, Reason.UNCHANGED, commit)
    return services.state.quick.finish_unchanged(look.runs, decision)


def unchanged_at(services: Services, stack: Stack, look: Look) -> str | None:
    """The newest commit, if the stack needs nothing there; None when somebody has to look closely."""
    known = look.facts.known
    if look.record is None or look.facts.leased or known.drift or known.removed:
        return None
    if look.facts.pin and not look.facts.pin.reached:
        return None
    if Folders.of(services.settings.data_dir, stack).unfinished:
        return None
    clone = services.clone(stack.repo)
    commit = clone.newest(stack.ref)
    if commit is None or not is_as_recorded(services, stack, look.record, clone.tree(commit)):
        return None
    return commit


def is_as_recorded(services: Services, stack: Stack, record: Deployed, tree: Tree) -> bool:
    """Whether what is deployed is what the tree holds."""
    if record.repo_of(stack) != stack.repo:
        return False  # objects that would have to be opened may be in another clone
    if not same_format(record.commit, tree.commit):
        return False  # and here they are nowhere
    if record.path != stack.path or record.home(stack) != Home.of(stack):
        return False
    return is_unchanged(stack, record.snapshot, tree, services.outside(stack), services.key)


def _is_asked_for(services: Services, runs: tuple[str, ...], run: str | None) -> bool:
    """Whether any run but the message's own, which a pull has published, was started by somebody."""
    return any(head.is_asked_for for head in services.state.runs.heads(other for other in runs if other != run))


def settled(services: Services, stack: Stack, request: Request, look: Look, now: datetime) -> Decision | None:
    """What a look without the lock decides, where that is to do nothing; None when something is to be done or seen to.

    Args:
        services: the process's.
        stack: the stack.
        request: what is asked for.
        look: what Redis knows.
        now: the time.
    """
    observed = without_engine(services, stack, request, now, deployed=look.record, facts=look.facts)
    if isinstance(observed.target, NoRef):
        return without_ref(stack)
    if request.asked or not isinstance(observed.target, At) or _needs_lock(services, observed, observed.target):
        return None
    if observed.pin is None and observed.deployed and not observed.has_folder:
        return _removed(observed)
    if observed.removed:
        return None
    plan = gate(observed, decide(observed, Sight(services, stack)))
    return said_of(observed, plan) if isinstance(plan, Rest) else None


def _removed(observed: Observed) -> Decision | None:
    """What is said of a stack whose folder is gone, where that has been dealt with."""
    stack, mark = observed.stack, observed.removed
    if mark is None or not mark.is_settled(stack.options.when_removed):
        return None
    return Decision(stack.id, Action.NONE, Reason.REMOVED, None, message=folder_gone(stack))


def _needs_lock(services: Services, observed: Observed, target: At) -> bool:
    """Whether the containers ask for something, whatever Git says, or something stands between them and the record."""
    stack, known = observed.stack, observed.facts.known
    if Folders.of(services.settings.data_dir, stack).unfinished or observed.is_of_another_repo:
        return True
    if observed.deployed and observed.deployed.home(stack).worker != stack.worker:
        return True
    if observed.pin is not None and not (target.pin and target.pin.reached):
        return True  # it is to be brought there, or follows its ref again
    options = stack.options
    is_drifted = bool(known.drift or observed.request.again) and options.drift == "heal"
    return is_drifted or (known.stopped is not None and options.when_stopped == "start")
