"""Looking at what runs: drift, and stacks that somebody has stopped, found with one listing of each Docker host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from workers.adapters.docker.container import Container
from workers.adapters.docker.engine import Engine
from workers.adapters.queue import deploy_message
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.marks import Stop
from workers.adapters.state.status import StackFacts
from workers.deploy.containers.by_hand import stop_seen
from workers.deploy.drift import drift_of, stop_of
from workers.deploy.files.layout import Folders
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.model.words import Trigger
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_FEW = 3  # projects


@dataclass(frozen=True, slots=True)
class _Seen:
    """A stack, what is recorded of it, and what runs of it."""

    stack: Stack
    record: Deployed
    containers: tuple[Container, ...]


class _Deployment(NamedTuple):
    stack: Stack
    record: Deployed
    project: str


def inspect(
    services: Services,
    worker: str,
    only: Collection[str] | None = None,
    *,
    heal: bool = True,
    stops: Mapping[str, Stop] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Compare what runs with what was deployed, note the differences, and have healed what is to be.

    Args:
        services: the process's.
        worker: whose stacks.
        only: these of them; None: all.
        heal: whether something is to be done about it; else it is only noted.
        stops: which of them somebody was just seen to bring to rest, if they are.

    Returns:
        The stacks for which a deployment was published.
    """
    state = services.state
    stacks = {
        stack.id: stack
        for stack in services.stacks.all()
        if stack.worker == worker and (only is None or stack.id in only)
    }
    before = state.facts(stacks)
    records = state.records.get_many(stacks)
    seen = list(_seen(services, stacks, records))
    after = state.facts([each.stack.id for each in seen])
    wanted = []
    for each in seen:
        facts = after[each.stack.id]
        if _is_busy(services, each.stack, facts) or _has_moved_on(before[each.stack.id], facts):
            continue
        if _note(services, each, facts, stops.get(each.stack.id)):
            wanted.append(each.stack)
    if not heal:
        return ()
    _publish(services, wanted)
    return tuple(stack.id for stack in wanted)


def look_at(services: Services, stack: Stack, stop: Stop | None = None) -> None:
    """Note at once that a stack rests, or does so no more, after somebody was at its containers.

    Drift is left to `inspect`: what somebody stops is healed when it would have been without this look, not earlier.

    Args:
        services: the process's.
        stack: the stack.
        stop: what somebody did that may have brought it to rest.

    Raises:
        RedisUnavailable: Redis is away.
        EngineUnavailable: the engine is.
    """
    state = services.state
    record = state.records.get(stack.id)
    if record is None or not record.containers:
        return
    before = state.facts([stack.id])[stack.id]
    home = record.home(stack)
    engine = services.containers(home.docker_host)
    found = engine.containers(home.project)
    facts = state.facts([stack.id])[stack.id]
    if _is_busy(services, stack, facts) or _has_moved_on(before, facts):
        return
    stopped = stop_of(record, found, lambda: stop or stop_seen(engine, home.project, facts.known))
    if stopped != facts.known.stopped:
        state.note_stop(stack.id, stopped)


def _seen(services: Services, stacks: Mapping[str, Stack], records: Mapping[str, Deployed | None]) -> Iterable[_Seen]:
    """Every stack that has run something, with the containers of its project; one call for each host."""
    by_host: dict[str, list[_Deployment]] = defaultdict(list)
    for identifier, record in records.items():
        stack = stacks[identifier]
        # What another worker has deployed before this one got the stack is not looked at.
        if record is not None and record.containers and (home := record.home(stack)).worker == stack.worker:
            by_host[home.docker_host].append(_Deployment(stack, record, home.project))
    for host, deployments in by_host.items():
        try:
            listed = _listed(services.containers(host), [each.project for each in deployments])
        except EngineUnavailable as error:
            log.warning("drift not looked for", docker_host=host, error=str(error))
            continue
        projects: dict[str, list[Container]] = defaultdict(list)
        for each in listed:
            projects[each.project].append(each)
        for stack, record, project in deployments:
            yield _Seen(stack, record, tuple(projects[project]))


def _listed(engine: Engine, projects: Sequence[str]) -> Iterable[Container]:
    """The containers of these projects, at least; few are asked for one by one, since the others may be many."""
    if len(projects) > _FEW:
        return engine.containers()
    return [each for project in projects for each in engine.containers(project)]


def _is_busy(services: Services, stack: Stack, facts: StackFacts) -> bool:
    """Whether somebody is at the stack, or will be: what is seen then says nothing."""
    unfinished = Folders.are_unfinished(services.settings.data_dir, stack)
    return facts.leased or facts.waiting or unfinished or facts.known.removed is not None


def _has_moved_on(before: StackFacts, after: StackFacts) -> bool:
    """Whether a deployment has ended between the first look and the last."""
    return before.leased or before.known.last_deployment != after.known.last_deployment


def _note(services: Services, seen: _Seen, facts: StackFacts, stop: Stop | None) -> bool:
    """Note what is seen of a stack; whether something has to be done about it."""
    options, known, home = seen.stack.options, facts.known, seen.record.home(seen.stack)
    engine = services.containers(home.docker_host)
    stopped = stop_of(
        seen.record, seen.containers, lambda: known.stopped or stop or stop_seen(engine, home.project, known)
    )
    drift = {} if stopped or options.drift == "ignore" else drift_of(seen.record, seen.containers, facts.interrupted)
    if stopped != known.stopped:
        services.state.note_stop(seen.stack.id, stopped)
    if drift != known.drift:
        services.state.records.set_status(seen.stack.id, None, drift=drift or None)
        if drift:
            log.warning("containers have drifted", stack=seen.stack.id, services=drift, policy=options.drift)
            services.state.events.emit("drift", stack=seen.stack.id, services=drift, policy=options.drift)
    if facts.pause or options.paused or _has_failed_so(facts, seen.record, datetime.now(UTC)):
        return False
    return options.when_stopped == "start" if stopped else bool(drift) and options.drift == "heal"


def _has_failed_so(facts: StackFacts, record: Deployed, now: datetime) -> bool:
    """Whether bringing up this very content has failed, and is not to be tried again yet."""
    hold = facts.hold.of(record.fingerprint) if facts.hold else None
    return hold is not None and not hold.may_retry(now)


def _publish(services: Services, stacks: Iterable[Stack]) -> None:
    """One run for each repo; nobody has asked for these stacks, so what is held or paused stays so."""
    by_repo: dict[str, list[Stack]] = defaultdict(list)
    for stack in stacks:
        by_repo[stack.repo].append(stack)
    for repo, wanted in by_repo.items():
        run = services.state.runs.create(repo, Trigger.RECONCILE, ())
        needed = set(services.state.runs.plan(run, [(stack.id, "") for stack in wanted]))
        services.queue.publish(deploy_message(each.id, run, each.worker) for each in wanted if each.id in needed)
