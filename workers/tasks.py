"""Celery's door to the use cases: ids in, one call, a short result out. Every task is safe to run twice.

Longer than other modules: every task of stacks and repos has its door here.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Sequence
from typing import Any

from celery import signals
from celery.exceptions import TimeLimitExceeded

from workers.adapters.docker.engine import load
from workers.adapters.queue import Queue, deploy_message, pull_message, reconcile_message
from workers.adapters.state.results import StackResult
from workers.celery import (
    DEPLOY_IF_CHANGED,
    DEPLOY_LIMIT,
    NOTIFY,
    NOTIFY_LIMIT,
    PULL,
    PULL_LIMIT,
    RECONCILE,
    RECONCILE_LIMIT,
    TeguTask,
    app,
    pull_queue,
)
from workers.deploy.deploy_if_changed import deploy_if_changed as deploy
from workers.deploy.fast_path import HandOver, decide_quickly
from workers.model.errors import (
    Busy,
    DeploymentFailed,
    RedisUnavailable,
    SetAside,
    TaskEnded,
    TeguError,
    UnknownName,
)
from workers.model.words import Action, Outcome, Reason, Trigger
from workers.pool.light import Call
from workers.reconcile import pull as pulls
from workers.reconcile import reconcile as reconciling
from workers.reconcile import requests
from workers.reconcile.announce import announce
from workers.reconcile.cancel import request_cancel
from workers.reconcile.set_aside import attempt, subject_of_pull
from workers.runtime.logs import get_logger, log_context
from workers.runtime.memory import share_arenas
from workers.services import Services, services_of_this_process

log = get_logger(__name__)

current_services = services_of_this_process


class PullTask(TeguTask):
    """A task that ends its pull even when it is ended itself."""

    abstract = True

    def on_failure(self, error: Exception, task_id: str, args: Any, kwargs: Any, trace: object) -> None:  # noqa: ANN401
        """Let nobody wait for a pull that will not be."""
        del task_id, trace
        if isinstance(error, (TaskEnded, SetAside, TimeLimitExceeded)):
            repo, run, worker = called(args, kwargs, "repo", "run", "worker")
            if repo and run and worker:
                pulls.fail(current_services(), repo, run, worker, told(error))


@app.task(name=PULL, bind=True, base=PullTask, time_limit=PULL_LIMIT.total_seconds())  # type: ignore[untyped-decorator]
def pull(self: TeguTask, repo: str, run: str | None = None, worker: str | None = None) -> dict[str, Any]:
    """Fetch a repo and look at all its stacks; without a worker, on every one that has any."""
    services = current_services()
    with log_context(run=run):
        if run is None:
            trigger = Trigger.named(self.request.get("trigger"))
            run, status = requests.request_pull(services, repo, trigger, workers=[worker] if worker else None)
            return {"repo": repo, "run": run, "status": status}
        if worker is None:
            return pull_everywhere(services, repo, run)
        with attempt(services, subject_of_pull(repo, worker)):
            return pulls.pull(services, repo, run, worker, last_try=self.is_last_try).to_json()


class DeployTask(TeguTask):
    """A task that ends its stack's part in its runs even when it breaks."""

    abstract = True

    def on_failure(self, error: Exception, task_id: str, args: Any, kwargs: Any, trace: object) -> None:  # noqa: ANN401
        """Let nobody wait for a stack whose task has given up."""
        del trace
        (stack,) = called(args, kwargs, "stack")
        if isinstance(error, DeploymentFailed) or not isinstance(stack, str):
            return
        services = current_services()
        with contextlib.suppress(TeguError):
            give_up(services, full_id(services, stack), task_id, error)

    def can_glance(self, queue: str, args: Sequence[Any]) -> bool:
        """Whether a call is for a quick decision about a stack by its full name, in a run; used by the pool."""
        is_quick = queue == pull_queue(current_services().settings.worker)
        return is_quick and len(args) == 2 and all(isinstance(each, str) for each in args) and "/" in args[0]  # noqa: PLR2004

    def at_a_glance(self, calls: Sequence[Call]) -> list[dict[str, Any] | Exception | None]:
        """Decide about several stacks in two round trips.

        Returns:
            For each what the task gives, or ends with; None where it is to be done in full.

        Raises:
            RedisUnavailable: nothing is decided.
        """
        services = current_services()
        with services.state.quick.together([(call.args[0], call.id) for call in calls]):
            return [glance(services, call) for call in calls]

    def ask_to_end(self, args: Any, kwargs: Any) -> bool:  # noqa: ANN401
        """Cancel the deployment, as `tegu cancel` does; the thread goes on until its next safe point."""
        (stack,) = called(args, kwargs, "stack")
        try:
            request_cancel(current_services(), str(stack), who="`revoke` of its task")
        except TeguError as error:
            log.warning("not cancelled", stack=stack, error=str(error))
        return True


@app.task(name=DEPLOY_IF_CHANGED, bind=True, base=DeployTask, time_limit=DEPLOY_LIMIT.total_seconds())  # type: ignore[untyped-decorator]
def deploy_if_changed(self: TeguTask, stack: str, run: str | None = None, force: bool = False) -> dict[str, Any]:
    """Bring a stack to the newest known commit of its ref, if that changes anything for it.

    Without a run, one is made; an empty one is for all that wait for the stack.
    """
    services = current_services()
    with log_context(run=run, stack=stack):
        if run is None:
            return ask_for(services, stack, force)
        if not is_quick(self.request, services.settings.worker):
            return deploy_now(self, services, stack, run, force)
        verdict = decide_quickly(services, full_id(services, stack), force, self.request.id)
        seen = hand_over(services, verdict, run, force) if isinstance(verdict, HandOver) else verdict
        return checked(seen).glance()


@app.task(name=RECONCILE, time_limit=RECONCILE_LIMIT.total_seconds())  # type: ignore[untyped-decorator]
def reconcile(worker: str | None = None) -> dict[str, Any]:
    """Find what was lost on the way, and look at every repo of a worker; without one, of every worker."""
    services = current_services()
    return reconciling.reconcile(services, worker).to_json() if worker else ask_every_worker(services)


@app.task(name=NOTIFY, bind=True, time_limit=NOTIFY_LIMIT.total_seconds())  # type: ignore[untyped-decorator]
def notify(self: TeguTask, subject: str, news: str | None = None, run: str | None = None) -> dict[str, Any]:
    """Tell people how a stack, or a repo's pull, has ended; without news, how it stands now, to try receivers out."""
    services = current_services()
    with log_context(run=run, subject=subject):
        again = bool(self.request.retries or (self.request.delivery_info or {}).get("redelivered"))
        told = announce(services, subject, news, run, task=self.request.id, again=again, last_try=self.is_last_try)
        return told.to_json()


def is_quick(request: Any, worker: str) -> bool:  # noqa: ANN401 (Celery has no types)
    """Whether a task came by the queue where nothing may take long."""
    delivered = request.delivery_info or {}
    return bool(delivered.get("routing_key") == pull_queue(worker))


def called(args: Any, kwargs: Any, *names: str) -> tuple[Any, ...]:  # noqa: ANN401 (as somebody called it)
    """What a task was called with, by the names of its first arguments; None for what was left out."""
    given = dict(zip(names, args or (), strict=False)) | dict(kwargs or {})
    return tuple(given.get(name) for name in names)


def full_id(services: Services, name: str) -> str:
    """A stack's id; only a short name has to be looked up.

    Raises:
        UnknownName: the short name is none, or that of several.
    """
    return name if "/" in name else services.stacks.find(name).id


def pull_everywhere(services: Services, repo: str, run: str) -> dict[str, Any]:
    """Let every worker whose pull the run waits for do it; one that is at it, or has done it, ends at once.

    Raises:
        UnknownName: there is no such run of this repo. Its id would say nothing of when it was made.
    """
    found = services.state.runs.get(run)
    if found is None or found.repo != repo or not found.pulls:
        message = f"there is no run {run} that pulls {repo}; leave it out, and one is made"
        raise UnknownName(message)
    services.queue.publish(pull_message(repo, run, worker) for worker in found.pulls)
    return {"repo": repo, "run": run, "status": "coalesced"}


def ask_for(services: Services, name: str, force: bool) -> dict[str, Any]:
    """Make a run for a stack that somebody has called by hand, maybe by its short name."""
    stack = services.stacks.find(name)
    run = requests.request_deploy(services, [stack.id], force=force, trigger=Trigger.CALL)
    return {**waiting(stack.id).glance(), "run": run}


def ask_every_worker(services: Services) -> dict[str, Any]:
    """Let every worker reconcile, this one too, even if no environment names it."""
    workers = dict.fromkeys((services.settings.worker, *services.catalog.current().all_workers))
    services.queue.publish(reconcile_message(worker) for worker in workers)
    return {"workers": list(workers)}


def waiting(stack: str) -> StackResult:
    """What has become of a stack that another task will look at."""
    return StackResult(stack, Action.NONE, Reason.WAITING)


def glance(services: Services, call: Call) -> dict[str, Any] | Exception | None:
    """A quick decision about one of several stacks; None where it is no decision to do nothing."""
    stack, run = call.args
    with log_context(task=call.id, run=run, stack=stack):
        try:
            verdict = decide_quickly(services, stack, force=False, taker=call.id)
            return None if isinstance(verdict, HandOver) else checked(verdict).glance()
        except DeploymentFailed as error:
            return error
        except Exception as error:  # noqa: BLE001 (it is met with again, with all that Celery does then)
            log.info("decided alone", error=str(error))
            return None


def hand_over(services: Services, work: HandOver, run: str, force: bool) -> StackResult:
    """Let the deployment queue have a stack, unless a task for it has been published meanwhile."""
    alone = services.state.runs.put_back(work.stack, work.runs)
    if alone or force:
        services.queue.publish([deploy_message(work.stack, run, work.worker, force=force)])
    return waiting(work.stack)


def deploy_now(task: TeguTask, services: Services, stack: str, run: str, force: bool) -> dict[str, Any]:
    """Deploy, unless somebody else is at it: then the runs wait, and whoever holds the lock looks at them next.

    It is tried again all the same, for a holder that was killed and whose `docker compose` lives on.
    """
    try:
        with attempt(services, full_id(services, stack), newest_of(services, stack)):
            return checked(deploy(services, stack, run, force, taker=task.request.id)).to_json()
    except Busy:
        if not task.is_last_try:
            raise
        return waiting(stack).glance()


def newest_of(services: Services, name: str) -> str:
    """The newest known commit of a stack's ref; empty where there is none, or no such stack any more."""
    try:
        stack = services.stacks.find(name)
    except UnknownName:
        return ""
    return services.clone(stack.repo).newest(stack.ref) or ""


def checked(done: StackResult) -> StackResult:
    """A deployment's result, unless it is one that Flower has to show as a failure.

    Raises:
        DeploymentFailed: with the stack, how it ended and why.
    """
    if done.bad:
        raise DeploymentFailed(done.stack, str(done.outcome), done.message or str(done.reason))
    return done


def told(error: Exception) -> str:
    """What somebody is told of how a task has failed."""
    if isinstance(error, TimeLimitExceeded):
        return "it took longer than it may, and could not be ended but with the whole worker"
    return str(error) if isinstance(error, TeguError) else f"a bug in Tegu ({type(error).__name__}); see the log"


def give_up(services: Services, stack: str, task_id: str, error: Exception) -> None:
    """End a stack's part in all runs that this task has taken and not ended."""
    gone = isinstance(error, UnknownName)
    result = StackResult(
        stack,
        Action.NONE,
        Reason.REMOVED if gone else Reason.INTERRUPTED,
        Outcome.REMOVED if gone else Outcome.FAILED,
        message=told(error),
    )
    services.state.runs.finish(services.state.runs.take(stack, task_id), result)


@signals.celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def _settle(**_: object) -> None:
    """What is loaded by now stays for good: no garbage collection has to look at it, nor write to what was forked."""
    share_arenas()
    load()
    gc.collect()
    gc.freeze()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _reconcile_first(sender: Any = None, **_: object) -> None:  # noqa: ANN401 (Celery's consumer)
    """A worker that starts, or has Redis back, looks at everything once. Sent at every (re)connection."""
    worker = app.conf.tegu_worker
    if pull_queue(worker) not in sender.app.amqp.queues.consume_from:
        return
    reconciling.has_lost_all.set()
    try:
        Queue(app).publish_reconcile(worker)
    except RedisUnavailable as error:
        log.warning("reconcile not queued", error=str(error))
