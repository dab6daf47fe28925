"""The fan-out of a pull: which of its stacks seem to have changed, and one published task for each.

What is found here only chooses a queue, and shows what those will need that may have to wait for their turn: every task
decides for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workers.adapters.queue import deploy_message
from workers.adapters.state.fast_path import Look
from workers.adapters.state.waiting_for_others import Waiting
from workers.catalog.stacks import Found, Planned
from workers.deploy.fast_path import is_as_recorded
from workers.deploy.remove import Gone
from workers.deploy.settled import remembered
from workers.model.errors import GitUnavailable, TeguError
from workers.model.order import predecessors, with_makers_of_way
from workers.model.words import Action, Decision, Outcome, Reason
from workers.reconcile.forecast import forecast
from workers.reconcile.heirs import find_heirs
from workers.reconcile.making_way import makers_of_way
from workers.reconcile.publishing import Tasks
from workers.reconcile.removed import gone_from, mark_gone
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_BATCH = 100  # stacks; the worker's other processes begin with these while the next ones are looked at


def fan_out(
    services: Services,
    repo: str,
    run: str,
    worker: str,
    *,
    found: Found,
    heads: Mapping[str, str],
    before: Mapping[str, str],
) -> tuple[int, int]:
    """Let the run wait for every stack, and publish a task for each.

    Args:
        services: the process's.
        repo: the repo.
        run: the run.
        worker: this worker.
        found: the repo's stacks at the newest commits.
        heads: the newest commit of each ref.
        before: the commit of each ref at the last pull.

    Returns:
        How many stacks seem to have changed, and how many that were deployed are gone.

    Raises:
        RedisUnavailable: not everything was published; the pull can be repeated.
    """
    tasks = Tasks(services, run, worker)
    touched, others = _touched_first(services, repo, found.planned, before)
    gone = _gone(services, repo, found, heads)
    unsettled = mark_gone(services, gone)
    if unsettled:  # who waits for a decision about them has not been touched since
        touched, others = [*touched, *others], []
    # Those that have work to do go first, so that they do not wait for a thousand that have none.
    seen = _Sorted()
    for batch in _batches(touched):
        seen.add(_sorted(services, batch))
    kept = find_heirs(services, [*seen.changed, *seen.resting], gone)
    leaving = [each for each in unsettled if each.stack not in kept]
    makers = makers_of_way(services, seen.changed, leaving)
    _publish_gone(services, run, worker, leaving)
    tasks.deploy([each for each in seen.changed if not each.stack.options.after and each.stack.id not in makers])
    tasks.decide([*seen.unchanged, *seen.resting])
    if others and not makers and not any(each.stack.options.after for each in seen.changed):
        tasks.give_way(to_others=True)  # unless somebody has to wait for it who is to be deployed, too
    for batch in _batches(others):
        more = _sorted(services, batch)
        tasks.deploy([each for each in more.changed if not each.stack.options.after])
        tasks.decide([*more.unchanged, *more.resting])
        seen.add(more)
    changed = seen.changed
    _report_invalid(services, run, found)
    if makers or any(each.stack.options.after for each in changed):
        tasks.decide_at_once(seen.resting)  # the run has to wait for them before anything can come after them
    _publish_in_order(services, run, worker, found, changed, makers, seen.resting)
    tasks.give_way()
    _foretell(services, run, changed)
    return len(changed) + len(seen.resting), len(gone)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Stacks by what they seem to need: a guess that only chooses the queue.

    Attributes:
        changed: those that differ from what is deployed.
        resting: those of them that were left alone, by all that is known, and will be again; what comes after another
            stack is not among them, for that one may have been the reason.
        unchanged: the others.
    """

    changed: list[Planned] = field(default_factory=list)
    resting: list[Planned] = field(default_factory=list)
    unchanged: list[Planned] = field(default_factory=list)

    def add(self, more: _Sorted) -> None:
        """Add those of another batch."""
        self.changed.extend(more.changed)
        self.resting.extend(more.resting)
        self.unchanged.extend(more.unchanged)


def _batches(planned: Sequence[Planned]) -> Iterator[Sequence[Planned]]:
    for start in range(0, len(planned), _BATCH):
        yield planned[start : start + _BATCH]


def _touched_first(
    services: Services, repo: str, planned: Sequence[Planned], before: Mapping[str, str]
) -> tuple[list[Planned], list[Planned]]:
    """Those whose folder differs from the last pull's commit, and the others: it only says where to look first."""
    tree = services.clone(repo).tree
    try:
        spans = {(before[each.stack.ref], each.commit) for each in planned if each.stack.ref in before}
        trees = {commit: tree(commit) for span in spans for commit in span}
        touched = {
            each.stack.id
            for each in planned
            if (old := before.get(each.stack.ref)) is None
            or trees[old].entry(each.stack.path) != trees[each.commit].entry(each.stack.path)
        }
    except TeguError:  # what the last pull saw is no longer there
        return list(planned), []
    return (
        [each for each in planned if each.stack.id in touched],
        [each for each in planned if each.stack.id not in touched],
    )


def _sorted(services: Services, planned: Sequence[Planned]) -> _Sorted:
    """Stacks by what they seem to need."""
    looks = services.state.quick.peek([each.stack.id for each in planned])
    found, now = _Sorted(), datetime.now(UTC)
    for each in planned:
        look = looks[each.stack.id]
        if _seems_unchanged(services, each, look):
            found.unchanged.append(each)
        elif not each.stack.options.after and _seems_to_rest(services, each, look, now):
            found.resting.append(each)
        else:
            found.changed.append(each)
    return found


def _seems_unchanged(services: Services, planned: Planned, look: Look) -> bool:
    if look.record is None:
        return False
    try:
        tree = services.clone(planned.stack.repo).tree(planned.commit)
        return is_as_recorded(services, planned.stack, look.record, tree)
    except GitUnavailable:
        return False  # its own task meets with that again, and is tried again


def _seems_to_rest(services: Services, planned: Planned, look: Look, now: datetime) -> bool:
    try:
        return remembered(services, planned.stack, look, planned.commit, now) is not None
    except GitUnavailable:
        return False


def _publish_in_order(
    services: Services,
    run: str,
    worker: str,
    found: Found,
    changed: Iterable[Planned],
    makers: Mapping[str, tuple[str, ...]],
    resting: Iterable[Planned],
) -> None:
    """Let the run wait for changed stacks that may come after others, which are all planned by now."""
    commits = {each.stack.id: each.commit for each in changed}
    late = {each.stack.id for each in found.planned if each.stack.options.after}.union(makers) & commits.keys()
    contents = {each.stack.id: _content(services, each) for each in changed if each.stack.id in late}
    active = {*commits, *(each.stack for each in found.invalid), *(each.stack.id for each in resting)}
    hard = predecessors((each.stack for each in found.planned), active)
    waits = with_makers_of_way(hard, makers)
    services.state.runs.hold_back(
        run,
        [
            Waiting(
                each,
                commits[each],
                after,
                worker,
                content=contents[each],
                softly=tuple(sorted({*after} - {*hard[each]})),
            )
            for each, after in waits.items()
            if each in late
        ],
    )


def _content(services: Services, planned: Planned) -> str:
    """The object id of the stack's folder; empty where that cannot be read, which its own task meets with again."""
    try:
        entry = services.clone(planned.stack.repo).tree(planned.commit).entry(planned.stack.path)
    except GitUnavailable:
        return ""
    return entry.oid if entry else ""


def _foretell(services: Services, run: str, changed: Sequence[Planned]) -> None:
    """Let everybody see what changed stacks will need. They are on their way, so whatever goes wrong is let be."""
    for batch in _batches(changed):
        try:
            needed = [each for each in forecast(services, batch) if each.reason is not Reason.UNCHANGED]
            services.state.forecasts.note(run, needed)
        except TeguError as error:
            log.warning("decisions not shown yet", error=str(error))


def _gone(services: Services, repo: str, found: Found, heads: Mapping[str, str]) -> tuple[Gone, ...]:
    """Stacks that were deployed and are gone."""
    here = {each.stack.id for each in found.planned} | {each.stack for each in found.invalid}
    return gone_from(services, repo, heads, here)


def _publish_gone(services: Services, run: str, worker: str, gone: Iterable[Gone]) -> None:
    """Let the run wait for stacks that are gone."""
    needed = services.state.runs.plan(run, [(each.stack, "") for each in gone]) if gone else []
    services.queue.publish(deploy_message(stack, run, worker) for stack in needed)


def _report_invalid(services: Services, run: str, found: Found) -> None:
    for each in found.invalid:
        services.state.runs.plan(run, [(each.stack, each.commit or "")])
        decision = Decision(each.stack, Action.NONE, Reason.INVALID, each.commit or None, message=each.message)
        services.state.quick.finish_unchanged([run], decision, Outcome.INVALID)
