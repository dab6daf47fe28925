"""A pull: fetch a repo once, find its stacks, and publish one task for each (`workers.reconcile.fan_out`).

Webhook, schedule, API, CLI and shell all end here. `request_pull` and `request_deploy` are the doors; they touch
neither Git nor Docker.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from workers.adapters.queue import deploy_message, pull_message
from workers.adapters.state.held_back import Waiting
from workers.catalog.stacks import has_to_have
from workers.model.errors import Busy, RedisUnavailable, TeguError, TransientError, UnknownName
from workers.model.order import predecessors
from workers.model.words import Reason, Trigger
from workers.reconcile.fan_out import fan_out
from workers.runtime.logs import get_logger
from workers.runtime.process import flock
from workers.services import Services, known_repo

log = get_logger(__name__)


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
            with contextlib.suppress(RedisUnavailable):
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
        with contextlib.suppress(RedisUnavailable):
            services.state.runs.discard(run)
        raise
    return run


def pull(services: Services, repo: str, run: str, worker: str, *, last_try: bool = True) -> dict[str, Any]:
    """Do a run's pull on this worker.

    Args:
        services: the process's.
        repo: the repo.
        run: the run.
        worker: this worker.
        last_try: whether an error that may pass ends the pull; otherwise it stays open for the next try.

    Returns:
        The task's result.

    Raises:
        TransientError: as a fetch raises it.
        UserError: the catalog or the repo's entry is at fault.
    """
    lock = services.settings.data_dir / "repos" / f"{quote(repo, safe='')}.pull"
    with contextlib.ExitStack() as afterwards, contextlib.ExitStack() as held:
        try:
            held.enter_context(flock(lock, timeout=0))
        except Busy:
            # Were it started now, a third could queue behind it before the first one's commit is known. So it goes on
            # waiting, newer requests join it, and whoever pulls now publishes it afterwards.
            return {"repo": repo, "run": run, "reason": Reason.WAITING.value}
        afterwards.callback(_follow_up, services, repo, worker)
        return _pull_alone(services, repo, run, worker, last_try=last_try)


def _pull_alone(services: Services, repo: str, run: str, worker: str, *, last_try: bool) -> dict[str, Any]:
    if not services.state.runs.start_pull(run, repo, worker):
        return {"repo": repo, "run": run, "reason": Reason.SUPERSEDED.value}
    try:
        return _pull(services, repo, run, worker)
    except TransientError as error:
        log.warning("pull failed", repo=repo, error=str(error), again=not last_try)
        if last_try:
            _fail(services, repo, run, worker, str(error))
        raise
    except TeguError as error:
        log.error("pull failed", repo=repo, error=str(error))  # noqa: TRY400 (a user's mistake has no traceback)
        _fail(services, repo, run, worker, str(error))
        raise
    except Exception as error:
        _fail(
            services, repo, run, worker, f"a bug in Tegu ({type(error).__name__}); the worker's log has its traceback"
        )
        raise


def _pull(services: Services, repo: str, run: str, worker: str) -> dict[str, Any]:
    catalog = services.catalog.current()
    own = known_repo(catalog, repo).ref
    refs = catalog.refs(repo, worker)
    before = _known_commits(services, repo, refs)
    heads = services.clone(repo).fetch(refs)
    found = services.stacks.discover(repo, worker, heads)
    changed, gone = fan_out(services, repo, run, worker, found=found, heads=heads, before=before)
    services.clone(repo).check_undamaged()  # the next try mends it, while all others are on their way
    unchanged = len(found.planned) - changed
    problems = [message for ref, message in found.missing.items() if has_to_have(catalog, repo, ref)]
    for each in found.rivals:
        problems.append(f"{each.stack}: {each.message}")
        services.state.runs.note_invalid(run, each.stack, each.commit, each.message)
    error = "; ".join(problems) or None
    services.state.runs.end_pull(run, repo, worker, commits=heads, error=error, repo_ref=own)
    facts = {"commit": heads.get(own, "")[:12], "changed": changed, "unchanged": unchanged}
    log.info("pulled", repo=repo, **facts, invalid=len(found.invalid), gone=gone)
    return {"repo": repo, "run": run, **facts}


def _known_commits(services: Services, repo: str, refs: Iterable[str]) -> Mapping[str, str]:
    """The commits of refs as the last pull left them."""
    try:
        return services.clone(repo).heads(refs)
    except TransientError:  # the clone is damaged: the fetch makes it whole
        return {}


def _follow_up(services: Services, repo: str, worker: str) -> None:
    """Publish the pull that found this one at work; reconcile does it if Redis is away."""
    try:
        if waiting := services.state.runs.waiting_pull(repo, worker):
            services.queue.publish_pull(repo, waiting, worker)
    except RedisUnavailable as error:
        log.warning("follow-up not queued", repo=repo, error=str(error))


def _fail(services: Services, repo: str, run: str, worker: str, error: str) -> None:
    """End the pull with an error; a Redis that is away learns of it by reconcile."""
    with contextlib.suppress(RedisUnavailable):
        services.state.runs.end_pull(run, repo, worker, commits={}, error=error, repo_ref="")
