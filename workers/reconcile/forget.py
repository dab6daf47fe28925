"""What makes Tegu forget a stack that is gone, and take it down first if wanted; asked for like `requests`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from workers.adapters.queue import deploy_message
from workers.adapters.state.liveness import Liveness
from workers.adapters.state.marks import Removed
from workers.adapters.state.results import StackResult
from workers.celery import deploy_queue
from workers.model.errors import UnknownName, UserError
from workers.model.stack import matching
from workers.model.words import Action, Outcome, Reason, Trigger
from workers.services import Services


def request_forget(services: Services, name: str, *, down: bool, who: str, trigger: Trigger) -> str:
    """Order a stack that is gone to be forgotten, with what Tegu wrote for it. Its data and volumes stay.

    Args:
        services: the process's.
        name: the stack's id, or its short name where that is unique.
        down: whether its containers and networks are to be taken down first; else they stay as they are.
        who: who orders it.
        trigger: by what.

    Returns:
        The run.

    Raises:
        UnknownName: nothing is known of such a stack.
        UserError: it is not gone.
        RedisUnavailable: nothing was queued.
    """
    state = services.state
    stack, mark = find_gone(services, name)
    record = state.records.get(stack)
    worker = (record and record.worker) or _worker_of(services, stack)
    repo = (record and record.repo) or next(iter(services.catalog.current().repos), stack)
    run = state.runs.create(repo, trigger, (), who=who)
    state.runs.plan(run, [(stack, "")])
    if worker not in services.catalog.current().all_workers and Liveness(state.redis).missing([deploy_queue(worker)]):
        # Nobody will ever carry it out there, and nobody but Redis knows of it here.
        message = f"forgotten; what worker {worker}, which is no more, has left on its host stays there"
        result = StackResult(stack, Action.NONE, Reason.REMOVED, Outcome.REMOVED, message=message)
        state.runs.finish([run], result)
        state.forget(stack)
        return run
    state.records.set_status(stack, removed=replace(mark, forget="down" if down else "keep"))
    services.queue.publish([deploy_message(stack, run, worker)])
    return run


def find_gone(services: Services, name: str) -> tuple[str, Removed]:
    """The stack of this name that is gone: its id, and the mark of that.

    Raises:
        UserError: it is there.
        UnknownName: there is none, or there are several of that short name.
    """
    with suppress(UnknownName):
        living = services.stacks.find(name)
        message = (
            f"{living.id} is not gone: it is {living.path or 'the root'} of repo {living.repo}; take it out of the "
            "catalog or the repository first, or pause it"
        )
        raise UserError(message)
    found = matching(name, services.state.records.known())
    gone = {
        stack: facts.known.removed
        for stack, facts in services.state.facts(found).items()
        if facts.known.removed is not None
    }
    if len(gone) != 1:
        several = f"{name} may be any of {', '.join(sorted(gone))}; write it in full"
        message = (
            several if gone else f"there is no stack {name} that is gone; `tegu status --all` lists those there are"
        )
        raise UnknownName(message)
    return gone.popitem()


def _worker_of(services: Services, stack: str) -> str:
    environment = services.catalog.current().environments.get(stack.partition("/")[0])
    return environment.worker if environment else services.settings.worker
