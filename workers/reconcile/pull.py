"""A pull: fetch a repo once, find its stacks, and publish one task for each (`workers.reconcile.fan_out`).

Webhook, schedule, API, CLI and shell all end here, by way of `workers.reconcile.requests`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from workers.catalog.stacks import has_to_have
from workers.model.errors import Busy, RedisUnavailable, TeguError, TransientError
from workers.model.words import Reason
from workers.reconcile.clone_size import note_size
from workers.reconcile.fan_out import fan_out
from workers.reconcile.vanished import forget_vanished, note_refused
from workers.runtime.file_lock import flock
from workers.runtime.logs import get_logger
from workers.runtime.slots import without_slot
from workers.services import Services, known_repo

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull came to.

    Attributes:
        repo: the repo.
        run: the run.
        reason: why it did nothing (`waiting`, `superseded`); None where it was done.
        commit: the newest one of the repo's own ref, shortened; empty where that is not followed here.
        changed: how many stacks seem to have changed.
        unchanged: how many do not.
    """

    repo: str
    run: str
    reason: Reason | None = None
    commit: str = ""
    changed: int = 0
    unchanged: int = 0

    def to_json(self) -> dict[str, str | int]:
        """As the task returns it."""
        known: dict[str, str | int] = {"repo": self.repo, "run": self.run}
        if self.reason is not None:
            return known | {"reason": self.reason.value}
        return known | {"commit": self.commit, "changed": self.changed, "unchanged": self.unchanged}


def pull(services: Services, repo: str, run: str, worker: str, *, last_try: bool = True) -> Pulled:
    """Do a run's pull on this worker.

    Args:
        services: the process's.
        repo: the repo.
        run: the run.
        worker: this worker.
        last_try: whether an error that may pass ends the pull; otherwise it stays open for the next try.

    Raises:
        TransientError: as a fetch raises it.
        UserError: the catalog or the repo's entry is at fault.
    """
    lock = services.settings.data_dir / "repos" / f"{quote(repo, safe='')}.pull"
    with contextlib.ExitStack() as afterwards, contextlib.ExitStack() as held:
        try:
            held.enter_context(flock(lock, timeout=0, is_inherited=False))
        except Busy:
            # Were it started now, a third could queue behind it before the first one's commit is known. So it goes on
            # waiting, newer requests join it, and whoever pulls now publishes it afterwards.
            return Pulled(repo, run, Reason.WAITING)
        afterwards.callback(_follow_up, services, repo, worker)
        return _pull_alone(services, repo, run, worker, last_try=last_try)


def _pull_alone(services: Services, repo: str, run: str, worker: str, *, last_try: bool) -> Pulled:
    if not services.state.runs.start_pull(run, repo, worker):
        return Pulled(repo, run, Reason.SUPERSEDED)
    try:
        return _pull(services, repo, run, worker)
    except TransientError as error:
        log.warning("pull failed", repo=repo, error=str(error), again=not last_try)
        if last_try:
            fail(services, repo, run, worker, str(error))
        else:
            with contextlib.suppress(RedisUnavailable):
                services.state.repos.note_failed_try(repo, worker, str(error))
        raise
    except TeguError as error:
        log.error("pull failed", repo=repo, error=str(error))  # noqa: TRY400 (a user's mistake has no traceback)
        fail(services, repo, run, worker, str(error))
        raise
    except Exception as error:
        fail(services, repo, run, worker, f"a bug in Tegu ({type(error).__name__}); the worker's log has its traceback")
        raise


def _pull(services: Services, repo: str, run: str, worker: str) -> Pulled:
    catalog = services.catalog.current()
    own = known_repo(catalog, repo).ref
    refs = catalog.refs(repo, worker)
    before = _known_commits(services, repo, refs)
    clone = services.clone(repo)
    with services.state.repos.asking(repo, worker, clone.repo.host, clone.patience), without_slot():
        heads = clone.fetch(refs)
    _note_commits(services, repo, heads)
    if heads != before:
        note_size(services, repo, worker)
    found = services.stacks.discover(repo, worker, heads)
    note_refused(services, repo, found)
    changed, gone = fan_out(services, repo, run, worker, found=found, heads=heads, before=before)
    forget_vanished(services, worker)
    clone.check_undamaged()  # the next try mends it, while all others are on their way
    unchanged = len(found.planned) - changed
    problems = [message for ref, message in found.missing.items() if has_to_have(catalog, repo, ref)]
    for each in found.rivals:
        problems.append(f"{each.stack}: {each.message}")
        services.state.runs.note_invalid(run, each.stack, each.commit, each.message)
    error = "; ".join(problems) or None
    services.state.runs.end_pull(run, repo, worker, commits=heads, error=error, repo_ref=own)
    commit = heads.get(own, "")[:12]
    facts = {"commit": commit, "changed": changed, "unchanged": unchanged}
    log.info("pulled", repo=repo, **facts, invalid=len(found.invalid), gone=gone)
    return Pulled(repo, run, commit=commit, changed=changed, unchanged=unchanged)


def _known_commits(services: Services, repo: str, refs: Iterable[str]) -> Mapping[str, str]:
    """The commits of refs as the last pull left them."""
    try:
        return services.clone(repo).heads(refs)
    except TransientError:  # the clone is damaged: the fetch makes it whole
        return {}


def _note_commits(services: Services, repo: str, heads: Mapping[str, str]) -> None:
    """Let pages name the newest commits; a pull has better things to do than to fail for that."""
    clone = services.clone(repo)
    with contextlib.suppress(TransientError):
        said = {commit: clone.said(commit) for commit in set(heads.values())}
        services.state.commits.note({commit: note for commit, note in said.items() if note is not None})


def _follow_up(services: Services, repo: str, worker: str) -> None:
    """Publish the pull that found this one at work; reconcile does it if Redis is away."""
    try:
        if waiting := services.state.runs.waiting_pull(repo, worker):
            services.queue.publish_pull(repo, waiting, worker)
    except RedisUnavailable as error:
        log.warning("follow-up not queued", repo=repo, error=str(error))


def fail(services: Services, repo: str, run: str, worker: str, error: str) -> None:
    """End the pull with an error; a Redis that is away learns of it by reconcile."""
    with contextlib.suppress(RedisUnavailable):
        services.state.runs.end_pull(run, repo, worker, commits={}, error=error, repo_ref="")
