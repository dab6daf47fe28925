"""What people and forges ask for: pull, deploy, roll back, adopt, pause, resume.

API, command line and pages ask here alike. A request is a mark in Redis and a task for a worker, so it may come from
any host; it touches neither Git nor Docker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from workers.adapters.queue import deploy_message, pull_message
from workers.adapters.state.identifiers import new_id
from workers.adapters.state.marks import Pin
from workers.adapters.state.waiting_for_others import Waiting
from workers.model.errors import RedisUnavailable, UnknownName, UsageError, UserError
from workers.model.order import predecessors
from workers.model.stack import Stack
from workers.model.words import Outcome, Trigger
from workers.reconcile.forget import find_gone
from workers.reconcile.set_aside import subject_of_pull
from workers.services import Services, known_repo

Hold = Literal["until_release", "until_push"]
Data = Literal["move", "copy", "leave"]

_HISTORY = 100
_BY_SOMEBODY = frozenset({Trigger.API, Trigger.CLI, Trigger.PAGE, Trigger.CALL})
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
    if trigger in _BY_SOMEBODY and wanted:
        services.state.attempts.end(*(subject_of_pull(repo, worker) for worker in wanted))
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
    services.state.attempts.end(*wanted)  # somebody wants to know what becomes of it
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
        source, _ = find_gone(services, source)
        if services.state.records.get(stack.id) is not None:
            message = f"{stack.id} is deployed, so it cannot go on with what {source} has"
            raise UserError(message)
    services.state.adoptions.adopt(stack.id, data, who, source)
    return request_deploy(services, [stack.id], trigger=trigger, who=who)
