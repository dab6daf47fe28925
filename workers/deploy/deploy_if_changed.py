"""Bring one stack to where it is to be: observe, decide, gate, act, record; again while a repair comes first.

An unchanged stack costs two round trips and a few lookups, without any lock. Any other is looked at again under
its lock, at the newest commit by then, and goes through the transaction of `workers.deploy.transaction`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime

from workers.adapters.state.deployed import Deployed
from workers.adapters.state.exclusion import exclusive
from workers.adapters.state.fast_path import Look
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.results import StackResult
from workers.deploy.act import Holder, act, end, put_right
from workers.deploy.decide import decide
from workers.deploy.files.adopted import files_for
from workers.deploy.files.layout import Folders
from workers.deploy.gate import gate
from workers.deploy.observe import observe
from workers.deploy.observed import Request
from workers.deploy.plans import CarryOver, Repair, carried
from workers.deploy.remove import remove_gone
from workers.deploy.settled import settled
from workers.deploy.sight import Sight
from workers.deploy.transaction import after_kill
from workers.model.errors import RedisUnavailable, TransientError, UnknownName
from workers.model.stack import Stack
from workers.model.words import Action, Outcome, Reason, Trigger
from workers.runtime.logs import get_logger, log_context
from workers.services import Services

log = get_logger(__name__)

_MOST_ROUNDS = 4  # a kill may have left a lost state, then an attempt that is not wanted any more; never more


def deploy_if_changed(
    services: Services, stack_id: str, run: str | None = None, force: bool = False, *, taker: str | None = None
) -> StackResult:
    """Bring a stack to the newest known commit of its ref, if it is not there already.

    Args:
        services: the collaborators.
        stack_id: the stack; its short name is enough where it is unique.
        run: the run that asks; None makes one, and an empty one is for whoever waits.
        force: recreate every service.
        taker: the task's id, so that its second delivery goes on with what its first one took.

    Raises:
        UnknownName: there is no such stack.
        TransientError: something is away or the stack is locked; the runs wait for the next attempt.
    """
    taker = taker or secrets.token_hex(8)
    try:
        stack = services.stacks.find(stack_id)
    except UnknownName:
        with log_context(stack=stack_id, run=run):
            if (removed := remove_gone(services, stack_id, taker)) is not None:
                return removed
        raise
    with log_context(stack=stack.id, run=run):
        return _deploy(services, stack, run, taker, force=force)


def _deploy(services: Services, stack: Stack, run: str | None, taker: str, *, force: bool) -> StackResult:
    look = services.state.quick.look(stack.id, taker)
    request = Request(asked=force, force=force)
    if not look.runs and run is None:
        look = _with_a_run(services, stack, taker)
        request = replace(request, asked=True)
    if not look.runs and (run or not force):
        message = "nobody waits for this any more"
        return StackResult(stack.id, Action.NONE, Reason.SUPERSEDED, Outcome.SUPERSEDED, message=message)
    request = _joined(services, request, {*look.runs, *([run] if run else [])})
    try:
        if (decision := settled(services, stack, request, look, datetime.now(UTC))) is not None:
            return end(services, look.runs, decision)
        return _under_lock(services, stack, request, look.runs, taker)
    except TransientError:
        with suppress(RedisUnavailable):
            services.state.runs.put_back(stack.id, look.runs)
        raise


def _with_a_run(services: Services, stack: Stack, taker: str) -> Look:
    """A call from a bare shell is a run, too."""
    run = services.state.runs.create(stack.repo, Trigger.CALL, ())
    services.state.runs.plan(run, [(stack.id, Sight(services, stack).newest() or "")])
    return services.state.quick.look(stack.id, taker)


def _joined(services: Services, request: Request, runs: Iterable[str]) -> Request:
    """Do for all runs what any of them asks for: its own message may be lost, or come when all is done."""
    heads = services.state.runs.heads(runs)
    force = request.force or any(head.forced for head in heads)
    return Request(
        asked=force or request.asked or any(head.is_asked_for for head in heads),
        force=force,
        again=request.again or any(head.trigger == Trigger.RETRY for head in heads),
    )


def _under_lock(services: Services, stack: Stack, request: Request, runs: tuple[str, ...], taker: str) -> StackResult:
    with ExitStack() as held:
        lock, lease = held.enter_context(exclusive(services.state, stack.id))
        try:
            taken = services.state.runs.take(stack.id, taker, orphans=True)
            request = _joined(services, request, set(taken).difference(runs))
            return _reconcile(services, stack, request, Holder(lock, lease, tuple(dict.fromkeys((*runs, *taken)))))
        finally:
            held.close()  # whoever follows up finds the stack free; whoever did not get it leaves that to its holder
            follow_up(services, stack)


def _reconcile(services: Services, stack: Stack, request: Request, holder: Holder) -> StackResult:
    """Observe, decide, gate, act; again while a repair comes first."""
    _agree(services, stack, holder.lease.fence)
    source = ""
    for _ in range(_MOST_ROUNDS):
        observed = observe(services, stack, request, datetime.now(UTC))
        old_files = files_for(services, stack, observed.adoption)
        plan = gate(observed, decide(observed, Sight(services, stack, old_files)))
        if not isinstance(plan, Repair):
            told = carried(plan, stack, source) if source else plan
            return act(services, holder, observed, told, old_files)
        put_right(services, holder, observed, plan)
        if isinstance(plan, CarryOver):
            source, stack = plan.source, services.stacks.find(stack.id)
    message = f"{stack.id} needs one repair after the other"
    raise RuntimeError(message)


def _agree(services: Services, stack: Stack, fence: int) -> None:
    """Let the folders, the journal and Redis say the same, before anything is believed.

    A Redis that has forgotten what is deployed, or has another worker's, is told again.
    """
    state = services.state
    journal = state.journal.load(stack.id)
    after_kill.tidy(journal, Folders.of(services.settings.data_dir, stack))
    record = _own(journal, stack)
    if record is None:
        return
    if record != journal.record:
        state.journal.update(stack.id, record=record)
    if state.records.get(stack.id) != record:
        state.records.put(stack.id, record, fence, deployed_commit=record.commit, verified_commit=record.commit)


def _own(journal: JournalEntry, stack: Stack) -> Deployed | None:
    """What the journal has as deployed; it is this host's, so it may be that the worker has another name now."""
    record = journal.record
    if record is None or record.home(stack).worker == stack.worker:
        return record
    return replace(record, worker=stack.worker)


def follow_up(services: Services, stack: Stack) -> None:
    """Whoever came while the lock was held waits still: look again at the newest commit."""
    with suppress(RedisUnavailable):
        if services.state.runs.waiting(stack.id):
            services.queue.publish_deploy(stack.id, "", stack.worker)
