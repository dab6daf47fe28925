"""Reconcile: whatever was lost on the way is found here, so that webhooks only have to be fast.

In order: what Redis has forgotten is put back from the journals; what open runs wait for, and no message in a
queue is about, is published again; what runs is compared with what was deployed; every repo of this worker is pulled;
once a day, the house is kept. It runs on a schedule, and whenever a
worker has (re)connected to Redis. A second one at the same time does no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from workers.adapters.queue import Message, deploy_message, pull_message, quick_message
from workers.adapters.state.identifiers import milliseconds_of
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.open_runs import OpenRun
from workers.adapters.state.rebuild import mirror_marks, rebuild
from workers.adapters.state.results import StackResult
from workers.celery import DEPLOY_IF_CHANGED, PULL, deploy_queue, pull_queue
from workers.model.errors import UnknownName
from workers.model.words import Action, Outcome, Reason, Trigger
from workers.reconcile.find_drift import inspect
from workers.reconcile.housekeeping import keep_house
from workers.reconcile.reassigned import see_off
from workers.reconcile.removed import gone_without_pull, mark_gone
from workers.reconcile.requests import request_pull
from workers.reconcile.vanished import forget_vanished
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

SETTLED_SECONDS = 10.0
"""How old a run has to be before what it waits for can count as lost: it is still being published before."""


# Set when this process has lost whatever it had taken and not begun, by its own start or with its connection to Redis.
has_lost_all = threading.Event()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many of what a look at everything found: repos, records restored, messages published again, stacks healed."""

    worker: str
    repos: int
    restored: int
    published: int
    healing: int

    def to_json(self) -> dict[str, str | int]:
        """As the task returns it."""
        return {
            "worker": self.worker,
            "repos": self.repos,
            "restored": self.restored,
            "published": self.published,
            "healing": self.healing,
        }


def reconcile(services: Services, worker: str) -> Reconciled:
    """Do all steps for this worker."""
    restored = rebuild(services.state)
    mine = {stack.id: stack.options for stack in services.stacks.all() if stack.worker == worker}
    mirror_marks(services.state, {stack: options.when_removed for stack, options in mine.items()})
    all_lost = has_lost_all.is_set()
    has_lost_all.clear()
    published = publish_lost(services, worker, all_lost=all_lost)
    repos = repos_of(services, worker)
    gone = _publish_gone(services, worker, repos) + len(see_off(services, worker))
    forget_vanished(services, worker)
    # Before the pulls, which would find these stacks waiting: what runs is to be seen as it was left.
    healing = inspect(services, worker)
    for repo in repos:
        request_pull(services, repo, Trigger.RECONCILE, workers=[worker])
    chores = keep_house(services, worker, repos)
    if restored or published or healing or gone or chores:
        log.info(
            "reconciled",
            worker=worker,
            restored=len(restored),
            published=published,
            healing=len(healing),
            gone=gone,
            chores=len(chores),
        )
    return Reconciled(worker, len(repos), len(restored), published, len(healing))


def repos_of(services: Services, worker: str) -> tuple[str, ...]:
    """The repos that have, or may have, stacks on a worker."""
    catalog = services.catalog.current()
    return tuple(name for name in catalog.repos if worker in catalog.workers(name))


def _publish_gone(services: Services, worker: str, repos: Collection[str]) -> int:
    """Let something be done about deployed stacks that no pull looks for any more; how many that are."""
    gone = [each.stack for each in mark_gone(services, gone_without_pull(services, repos))]
    if gone:
        run = services.state.runs.create(", ".join(repos), Trigger.RECONCILE, ())
        services.state.runs.plan(run, [(stack, "") for stack in gone])
        services.queue.publish([deploy_message(stack, run, worker) for stack in gone])
    return len(gone)


def publish_lost(services: Services, worker: str, *, all_lost: bool = False) -> int:
    """Publish again what open runs wait for and nobody is about to do.

    Args:
        services: the process's.
        worker: whose stacks and pulls.
        all_lost: whether nothing that this worker had taken is on its way any more, so that also what a run of this
            very moment waits for counts as lost, and what has a lock that a child of a killed worker still holds: its
            task is tried again until it gets that.

    Returns:
        How many messages that took.
    """
    quick, deploy = pull_queue(worker), deploy_queue(worker)
    calls = services.queue.calls_in(quick) | services.queue.calls_in(deploy)
    queued = {stack for task, stack, _ in calls if task == DEPLOY_IF_CHANGED}
    leased = {holder["name"] for holder in services.state.leases.holders()}
    is_held = services.state.stack_lock.is_held
    messages: list[Message] = []
    for run in services.state.open_runs.all():
        if not all_lost and time.time_ns() // 1_000_000 - milliseconds_of(run.id) < SETTLED_SECONDS * 1000:
            continue
        if worker in run.pulls and (PULL, run.repo, run.id) not in calls:
            messages.append(pull_message(run.repo, run.id, worker))
        lost = [
            stack
            for stack in run.stacks
            # The lease of a killed worker is there for half a minute more.
            if stack not in queued and (all_lost or not (stack_lease(stack) in leased and is_held(stack)))
        ]
        messages += _messages(services, worker, run, lost)
    services.queue.publish(messages)
    return len(messages)


def _messages(services: Services, worker: str, run: OpenRun, stacks: Iterable[str]) -> list[Message]:
    """Let the run wait for its lost stacks once more, and say what has to be published for that."""
    mine, gone = _mine_and_gone(services, worker, run, stacks)
    if gone:
        services.state.runs.plan(run.id, [(stack, "") for stack in gone])
    if not mine:
        return [deploy_message(stack, run.id, worker) for stack in gone]
    head = services.state.runs.head(run.id)
    # A run without pulls was started by somebody who asked for these stacks, and gets the full look.
    make = quick_message if head is not None and head.has_pulls else deploy_message
    parts = services.state.runs.parts(run.id, mine)
    services.state.runs.plan(run.id, [(stack, (stack in parts and parts[stack].commit) or "") for stack in mine])
    return [
        *(deploy_message(stack, run.id, worker) for stack in gone),
        *(make(stack, run.id, worker) for stack in mine),
    ]


def _mine_and_gone(services: Services, worker: str, run: OpenRun, stacks: Iterable[str]) -> tuple[list[str], list[str]]:
    """A worker's stacks, and what it has deployed of those that are none any more; what never was ends here."""
    mine, gone = [], []
    for stack in stacks:
        try:
            if services.stacks.find(stack, remembered=True).worker == worker:
                mine.append(stack)
        except UnknownName as error:
            if services.state.records.status(stack).removed is not None:
                gone += [stack] if services.state.journal.exists(stack) else []
                continue
            removed = StackResult(stack, Action.NONE, Reason.REMOVED, Outcome.REMOVED, message=str(error))
            services.state.runs.finish([run.id], removed)
    return mine, gone
