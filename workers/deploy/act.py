"""Carrying a plan out: the only phase of a deployment that touches files and containers. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.adapters.state.leases import Lease
from workers.adapters.state.marks import Pin
from workers.adapters.state.results import StackResult
from workers.deploy.carry_over import carry_over
from workers.deploy.files.adopted import OldFiles
from workers.deploy.files.layout import Folders
from workers.deploy.gate import outcome_of, said_of
from workers.deploy.lost import recover
from workers.deploy.newer import newer_than
from workers.deploy.observed import Observed
from workers.deploy.plans import CarryOver, Deploy, Recover, Remove, Repair, Rest, TakeBack, WriteFiles
from workers.deploy.remove import Gone, Removal
from workers.deploy.report import Ledger
from workers.deploy.take_down import KEEP, undo_move
from workers.deploy.target import At, OutOfReach, Target
from workers.deploy.transaction import after_kill
from workers.deploy.transaction.deployment import Deployment, Job
from workers.model.errors import BlockedStack
from workers.model.words import Decision, Outcome, Reason
from workers.runtime.masking import masked
from workers.services import Services


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a stack's locks, and for whom.

    Attributes:
        lock: the descriptor of the lock on this host, which Compose inherits.
        lease: the lease, whose number says who may write.
        runs: those that wait for the stack.
    """

    lock: int
    lease: Lease
    runs: tuple[str, ...]


def put_right(services: Services, holder: Holder, observed: Observed, plan: Repair) -> None:
    """Do what comes first; then everything has to be observed anew."""
    stack, state = observed.stack, services.state
    folders = Folders.of(services.settings.data_dir, stack)
    match plan:
        case Recover(lost=lost):
            recover(state, stack, folders, lost, holder.lease.fence)
        case CarryOver(source=source):
            carry_over(services, stack, source, observed.newest or "", holder.lease.fence)
        case TakeBack(intent=intent):
            if intent.switched:
                undo_move(services, stack, observed.deployed, intent, holder.lock)
            engine = services.containers(intent.docker_host or stack.docker_host)
            after_kill.give_up(stack.id, observed.interrupted, state.journal, folders, engine)


def act(
    services: Services,
    holder: Holder,
    observed: Observed,
    plan: Rest | WriteFiles | Deploy | Remove,
    old_files: OldFiles | None,
) -> StackResult:
    """Carry a plan out, and end the stack's part in all runs that wait for it.

    Args:
        services: the process's.
        holder: of the stack's locks.
        observed: what the plan is made from.
        plan: what is to be done.
        old_files: what is read in another directory while the stack is adopted with its data.

    Raises:
        TransientError: something is away; the runs wait for the next attempt.
    """
    if isinstance(plan, Remove):
        gone = Gone(observed.stack.id, plan.policy, plan.why)
        return Removal(services, gone, holder.runs, holder.lock, holder.lease).carry_out()
    if isinstance(observed.target, At):
        _welcome(services, observed, observed.target)
    if isinstance(plan, Deploy):
        return _deploy(services, holder, observed, plan, old_files)
    return _rest(services, holder, observed, plan)


def _deploy(
    services: Services, holder: Holder, observed: Observed, plan: Deploy, old_files: OldFiles | None
) -> StackResult:
    stack = observed.stack
    if old_files is not None:
        old_files.bring()
    ledger = Ledger(services.state, stack.id, holder.lease.fence, holder.runs, observed.newest)
    superseded_by = newer_than(services, observed, plan.snapshot)
    ending, decision = Deployment(services, job_of(observed, plan, holder.lock), ledger, superseded_by).carry_out()
    is_good = ending.outcome is Outcome.DEPLOYED
    settle(services, observed, good=is_good)
    if observed.adoption and is_good:
        services.state.adoptions.done(stack.id)
    return StackResult.of(decision, ending.outcome, ledger.deployment, masked(ending.message))


def _rest(services: Services, holder: Holder, observed: Observed, plan: Rest | WriteFiles) -> StackResult:
    """End a look that touches no container; files may differ all the same, and are written."""
    stack, decision = observed.stack, plan.decision
    is_good = decision.reason is Reason.UNCHANGED
    if is_good and observed.journal.left:
        # What this worker has deployed is as it should: that another one has had the stack is over.
        services.state.journal.update(stack.id, left=None)
    if isinstance(plan, WriteFiles):
        ledger = Ledger(services.state, stack.id, holder.lease.fence, holder.runs, observed.newest)
        try:
            Deployment(services, job_of(observed, plan, holder.lock), ledger).write_files()
        except BlockedStack as error:
            plan = Rest(replace(decision, reason=Reason.BLOCKED, message=str(error)), plan.snapshot)
            is_good = False
    settle(services, observed, good=is_good)
    said = said_of(observed, plan)
    done = end(services, holder.runs, said, plan.outcome if isinstance(plan, Rest) else None)
    if said.reason is Reason.RENAMED:  # what runs is what it is made of at this commit
        services.state.records.set_status(stack.id, verified_commit=said.commit)
    if isinstance(observed.target, At) and observed.target.is_ordered:
        services.state.records.set_status(stack.id, latest_commit=observed.newest)
    return done


def end(services: Services, runs: tuple[str, ...], decision: Decision, outcome: Outcome | None = None) -> StackResult:
    """End the stack's part in its runs; nothing was done to it."""
    return services.state.quick.finish_unchanged(runs, decision, outcome or outcome_of(decision))


def job_of(observed: Observed, plan: WriteFiles | Deploy, lock: int) -> Job:
    """What is to be deployed, under a lock's descriptor."""
    return Job(
        observed.stack,
        plan.decision,
        plan.snapshot,
        lock,
        observed.journal,
        record=observed.deployed,
        anywhere=observed.anywhere,
        interrupted=observed.interrupted,
        there=None if observed.has_moved else observed.containers,
        adoption=observed.adoption.data if observed.adoption else None,
        forced=observed.request.force,
        asked=observed.request.asked,
        told=said_of(observed, plan).reason,
        worn_out=plan.worn_out if isinstance(plan, Deploy) else (),
    )


def _welcome(services: Services, observed: Observed, target: At) -> None:
    """Forget what is over: a pin that has ended, and that the stack was gone.

    What was done to it for being gone is made good by the next deployment.
    """
    state, stack, mark = services.state, observed.stack, observed.removed
    if observed.pin is not None and target.pin is None:
        state.pins.release(stack.id)
    if mark and mark.done in {None, KEEP}:
        state.records.set_status(stack.id, removed=None)
        if observed.journal.removed:
            state.journal.update(stack.id, removed=None)


def settle(services: Services, observed: Observed, *, good: bool) -> None:
    """Note how a rollback by hand has ended: the stack is pinned, or as before.

    Args:
        services: for the state.
        observed: what was ordered.
        good: whether the stack is there.
    """
    pin = _ordered(observed.target)
    if pin is None:
        return
    pins, stack = services.state.pins, observed.stack.id
    if (known := pins.get(stack)) is None or known.id != pin.id:
        return
    if good and isinstance(observed.target, At):
        commit = observed.target.commit
        pins.pin(stack, replace(pin, commit=commit, head=observed.newest, reached=True, before=None))
    elif pin.before:
        pins.pin(stack, pin.before)
    else:
        pins.release(stack)


def _ordered(target: Target) -> Pin | None:
    """The pin of a rollback that somebody waits for."""
    match target:
        case At(pin=Pin() as pin) | OutOfReach(pin=pin) if not pin.reached:
            return pin
        case _:
            return None
