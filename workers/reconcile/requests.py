"""What people and forges ask for: pull, deploy, roll back, cancel, adopt, forget, pause, resume.

API and command line ask here alike. A request is a mark in Redis and a task for a worker, so it may come from any host;
it touches neither Git nor Docker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from workers.adapters.queue import deploy_message, pull_message
from workers.adapters.state.identifiers import new_id
from workers.adapters.state.liveness import Liveness
from workers.adapters.state.marks import Pin, Removed
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.results import StackResult
from workers.adapters.state.waiting_for_others import Waiting
from workers.celery import deploy_queue
from workers.model.errors import RedisUnavailable, UnknownName, UsageError, UserError
from workers.model.order import predecessors
from workers.model.stack import Stack
from workers.model.words import Action, Outcome, Reason, RunStatus, Trigger
from workers.services import Services, known_repo

Hold = Literal["until_release", "until_push"]
Data = Literal["move", "copy", "leave"]

_HISTORY = 100
_REVISION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/~^-]{0,199}")


def request_pull(
    services: Services,
    repo: str,
    trigger: Trigger | str,
    *,
    commit: str | None = None,
    ref: str | None = None,
    workers: Sequence[str] | None = None,
    who: str | None = None,
) -> tuple[str, Literal["queued", "coalesced"]]:
    """Ask for a pull; join one that waits already, or that has fetched this very commit.

    Args:
        services: the process's.
        repo: the repo.
        trigger: what asks.
        commit: what was pushed, where that is known. It only saves a pull; what is deployed is what Git says.
        ref: the followed ref that was pushed, as the catalog has it.
        workers: whose pull is wanted; all that have stacks of the repo by default.
        who: the person or program that asks, where that is known.

    Returns:
        The run, and `queued`, or `coalesced` when it was there before.

    Raises:
        UnknownName: there is no such repo.
        RedisUnavailable: nothing was queued.
    """
    catalog = services.catalog.current()
    known_repo(catalog, repo)
    wanted = tuple(workers) if workers else catalog.workers(repo)
    run, status = services.state.runs.coalesce(repo, wanted, trigger, commit, ref, who=who)
    if status == "queued":
        try:
            services.queue.publish([pull_message(repo, run, worker) for worker in wanted])
        except RedisUnavailable:
            with suppress(RedisUnavailable):
                services.state.runs.discard(run)
            raise
    return run, status


def request_deploy(
    services: Services,
    stacks: Iterable[str],
    *,
    force: bool = False,
    trigger: Trigger | str,
    who: str | None = None,
) -> str:
    """Ask for a full look at stacks: what was held is tried again, what was stopped is started.

    Args:
        services: the process's.
        stacks: ids, or short names that are unique.
        force: recreate every service.
        trigger: what asks.
        who: the person or program that asks, where that is known.

    Returns:
        The run.

    Raises:
        UnknownName: for a name that is none; nothing is queued then.
        RedisUnavailable: not everything could be queued.
    """
    wanted = {stack.id: stack for stack in (services.stacks.find(name) for name in stacks)}
    if not wanted:
        message = "no stack was named"
        raise UnknownName(message)
    repos = sorted({stack.repo for stack in wanted.values()})
    run = services.state.runs.create(", ".join(repos), trigger, (), who=who, forced=force)
    try:
        behind = {stack: after for stack, after in predecessors(wanted.values(), wanted).items() if after}
        first = [stack for identifier, stack in wanted.items() if identifier not in behind]
        services.state.runs.plan(run, [(stack.id, "") for stack in first])
        # Published even if a task waits already: that one may be on the quick queue, and would not know of `force`.
        services.queue.publish([deploy_message(each.id, run, each.worker, force=force) for each in first])
        services.state.runs.hold_back(
            run, [Waiting(each, "", after, wanted[each].worker, force=force) for each, after in behind.items()]
        )
    except RedisUnavailable:
        with suppress(RedisUnavailable):
            services.state.runs.discard(run)
        raise
    return run


def request_rollback(
    services: Services,
    name: str,
    *,
    to: str | None = None,
    hold: Hold = "until_release",
    who: str,
    trigger: Trigger,
) -> str:
    """Order a stack back to an earlier commit, where it stays pinned.

    Args:
        services: the process's.
        name: the stack.
        to: the commit, or anything that Git takes for one; by default the last good deployment before this one.
        hold: until when the stack stays there: until somebody resumes it, or until a push changes it.
        who: who orders it.
        trigger: by what.

    Returns:
        The run.

    Raises:
        UnknownName: there is no such stack.
        UsageError: `to` cannot be a commit.
        UserError: there is no earlier good deployment.
        RedisUnavailable: nothing was queued.
    """
    stack = services.stacks.find(name)
    if to is not None and not _REVISION.fullmatch(to):
        message = f"{to!r} cannot be a commit"
        raise UsageError(message)
    commit = to or previous_good(services, stack)
    pins = services.state.pins
    before = pins.get(stack.id)
    kept = replace(before, before=None) if before and before.reached else None
    until: Literal["push", "release"] = "push" if hold == "until_push" else "release"
    pins.pin(stack.id, Pin(commit, until, who, id=new_id(), before=kept))
    try:
        return request_deploy(services, [stack.id], trigger=trigger, who=who)
    except RedisUnavailable:
        with suppress(RedisUnavailable):
            pins.release(stack.id)
        raise


def previous_good(services: Services, stack: Stack) -> str:
    """The commit of the last good deployment with other content than what is deployed.

    Raises:
        UserError: there is none.
    """
    state = services.state
    record = state.records.get(stack.id)
    good = [each for each in state.deployments.list(stack.id, _HISTORY) if each.outcome is Outcome.DEPLOYED]
    ids = [each.id for each in good]
    for each in good[ids.index(record.deployment) + 1 :] if record and record.deployment in ids else ():
        if record and each.commit != record.commit and each.fingerprint != record.fingerprint:
            return str(each.commit)
    if record and record.previous:
        return record.previous
    message = f"{stack.id} has no earlier good deployment; name a commit with --to"
    raise UserError(message)


def pause(services: Services, stack: Stack, *, who: str, why: str = "") -> None:
    """Let nothing be deployed to a stack until it is resumed."""
    services.state.pauses.pause(stack.id, who, why)


def resume(services: Services, stack: Stack) -> tuple[str, ...]:
    """End a stack's pause and its pin; which of them there was."""
    ended = {"pause": services.state.pauses.resume(stack.id), "pin": services.state.pins.release(stack.id)}
    return tuple(name for name, was in ended.items() if was)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What was ordered to end.

    Attributes:
        stack: whose.
        deployment: the one that is to stop, if one is under way.
        run: that of the deployment, or the last of those that waited.
        waiting: the runs in which the stack's part was ended since it only waited there.
    """

    stack: str
    deployment: str | None
    run: str | None
    waiting: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As API and command line show it."""
        known = {"stack": self.stack, "deployment": self.deployment, "run": self.run}
        return known | {"waiting": list(self.waiting)}


def request_cancel(services: Services, name: str, *, who: str) -> Cancellation:
    """Order a deployment stopped at the next safe point; of a stack, also what waits for its turn.

    Args:
        services: the process's.
        name: a deployment's id, or a stack.
        who: who orders it.

    Raises:
        UnknownName: there is neither a deployment nor a stack of this name.
        UserError: there is nothing to cancel.
    """
    deployment = services.state.deployments.get(name)
    if deployment is not None:
        if not _is_under_way(services, deployment):
            message = f"deployment {name} is not under way any more: {deployment.outcome or 'it was interrupted'}"
            raise UserError(message)
        services.state.cancellations.ask(name, who)
        return Cancellation(deployment.stack, name, deployment.run)
    stack = _stack_to_cancel(services, name)
    waiting = _cancel_waiting(services, stack, who)
    newest = services.state.deployments.list(stack.id, 1)
    under_way = newest[0] if newest and _is_under_way(services, newest[0]) else None
    if under_way is not None:
        services.state.cancellations.ask(under_way.id, who)
        return Cancellation(stack.id, under_way.id, under_way.run, waiting)
    if not waiting:
        message = f"nothing of {stack.id} is under way"
        raise UserError(message)
    return Cancellation(stack.id, None, waiting[-1], waiting)


def _is_under_way(services: Services, deployment: RecordedDeployment) -> bool:
    """Whether somebody is at it: one that was killed says for ever that it runs, but nobody holds its lock."""
    stack = deployment.stack
    return deployment.status is RunStatus.RUNNING and services.state.facts([stack])[stack].leased


def _stack_to_cancel(services: Services, name: str) -> Stack:
    try:
        return services.stacks.find(name)
    except UnknownName as error:
        message = f"there is neither a deployment nor a stack {name}"
        raise UnknownName(message) from error


def _cancel_waiting(services: Services, stack: Stack, who: str) -> tuple[str, ...]:
    """End the stack's part in every run that waits for it and that nobody has begun with, or may begin with yet."""
    runs = services.state.runs
    message = f"cancelled by {who} while it waited; the next look deploys it, unless it is paused (`tegu pause`)"
    result = StackResult(stack.id, Action.NONE, Reason.WAITING, Outcome.CANCELLED, message=message)
    held_back = runs.finish_held_back(result)
    waiting = runs.take(stack.id, f"cancelled by {who}")
    runs.finish(waiting, result)
    return tuple(sorted({*held_back, *waiting}))


def request_adoption(
    services: Services, name: str, *, data: Data | None = None, source: str | None = None, who: str, trigger: Trigger
) -> str:
    """Order a stack's project, which runs from another directory or under another name, to be taken over.

    Args:
        services: the process's.
        name: the stack.
        data: what becomes of data in that directory: `move` and `copy` bring it along, `leave` begins without it.
        source: the stack that is gone and goes on as this one, with its record, directory and project.
        who: who orders it.
        trigger: by what.

    Returns:
        The run.

    Raises:
        UnknownName: there is no such stack.
        UsageError: neither is said.
        UserError: the source is not gone, or the stack has been deployed itself.
        RedisUnavailable: nothing was queued.
    """
    stack = services.stacks.find(name)
    if data is None and source is None:
        message = "say what becomes of the data, or which stack goes on as this one"
        raise UsageError(message)
    if source is not None:
        source, _ = _gone(services, source)
        if services.state.records.get(stack.id) is not None:
            message = f"{stack.id} is deployed, so it cannot go on with what {source} has"
            raise UserError(message)
    services.state.adoptions.adopt(stack.id, data, who, source)
    return request_deploy(services, [stack.id], trigger=trigger, who=who)


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
    stack, mark = _gone(services, name)
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


def _gone(services: Services, name: str) -> tuple[str, Removed]:
    """The stack of this name that is gone."""
    with suppress(UnknownName):
        living = services.stacks.find(name)
        message = (
            f"{living.id} is not gone: it is {living.path or 'the root'} of repo {living.repo}; take it out of the "
            "catalog or the repository first, or pause it"
        )
        raise UserError(message)
    found = [stack for stack in services.state.records.known() if name in {stack, stack.partition("/")[2]}]
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
