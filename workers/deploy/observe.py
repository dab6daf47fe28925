"""Reading, once, everything that is known of a stack. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from workers.adapters.docker.container import Container
from workers.adapters.state.deployed import Deployed, host_of, is_of_another_worker
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.status import StackFacts
from workers.deploy.containers.by_hand import stop_seen
from workers.deploy.containers.provenance import made_from
from workers.deploy.drift import drift_of, remedies, stop_of
from workers.deploy.heritage import find_heritage
from workers.deploy.lost import find_lost
from workers.deploy.observed import Observed, Request, Supposed
from workers.deploy.sight import Sight
from workers.deploy.target import At, target_of
from workers.deploy.transaction import after_kill
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.model.words import Action
from workers.services import Services


def observe(
    services: Services, stack: Stack, request: Request, now: datetime, *, supposed: Supposed | None = None
) -> Observed:
    """Everything that is known of a stack; under its lock, it stays so.

    Args:
        services: the process's.
        stack: the stack.
        request: what is asked for.
        now: the time.
        supposed: what is taken for granted although it is not so.

    Raises:
        EngineUnavailable: the stack's engine is away.
        RedisUnavailable: Redis is.
    """
    state = services.state
    journal, known = state.journal.load(stack.id), state.records.get(stack.id)
    deployed, anywhere = whose(stack, journal, known)
    facts = state.facts([stack.id])[stack.id]
    facts = supposed.of(facts) if supposed else facts
    seen = _look(services, stack, deployed, facts, looks_for_drift=bool(facts.known.drift) or request.again)
    observed = without_engine(services, stack, request, now, deployed=deployed, facts=facts)
    adoption = (supposed and supposed.adoption) or state.adoptions.get(stack.id)
    is_new = anywhere is None or journal.carried is not None
    return replace(
        observed,
        anywhere=anywhere,
        journal=journal,
        adoption=adoption,
        heritage=find_heritage(services, stack, journal, adoption) if is_new else None,
        interrupted=after_kill.look(journal),
        containers=seen.containers,
        at_rest=seen.at_rest,
        drift=seen.drift,
        images=seen.images,
        lost=find_lost(services, stack, journal, known),
    )


def without_engine(
    services: Services,
    stack: Stack,
    request: Request,
    now: datetime,
    *,
    deployed: Deployed | None,
    facts: StackFacts,
    newest: str | None = None,
    sight: Sight | None = None,
) -> Observed:
    """What Git and Redis say, where nobody asks what runs: an interruption, drift and a stop are not seen then.

    Args:
        services: the process's.
        stack: the stack.
        request: what is asked for.
        now: the time.
        deployed: what is deployed; None for nothing.
        facts: marks and status.
        newest: the newest commit, where another is to be taken for it than is known here.
        sight: what is seen of the content, where somebody notes that.
    """
    sight = sight or Sight(services, stack)
    newest = newest or sight.newest()
    target = target_of(sight, facts.pin, newest)
    return Observed(
        stack=stack,
        request=request,
        now=now,
        newest=newest,
        target=target,
        has_folder=sight.has_folder(target.commit) if isinstance(target, At) else True,
        folder=sight.folder(target.commit) if isinstance(target, At) else "",
        deployed=deployed,
        anywhere=deployed,
        facts=replace(facts, pin=None),
        pin=facts.pin,
    )


def whose(stack: Stack, journal: JournalEntry, known: Deployed | None) -> tuple[Deployed | None, Deployed | None]:
    """What this worker has deployed, as its journal has it, and what any has.

    Args:
        stack: the stack.
        journal: what this host knows of it.
        known: what Redis has.
    """
    if journal.record is not None:
        return journal.record, journal.record
    return (None if is_of_another_worker(stack, None, known) else known), known


@dataclass(frozen=True, slots=True)
class _Seen:
    containers: tuple[Container, ...] | None
    at_rest: bool
    drift: Mapping[str, Action]
    images: Mapping[str, str]


_NOTHING = _Seen(None, at_rest=False, drift={}, images={})


def _look(
    services: Services, stack: Stack, record: Deployed | None, facts: StackFacts, *, looks_for_drift: bool
) -> _Seen:
    """What runs of what is deployed: one listing, and a closer look at what that leaves in doubt."""
    if record is None:
        return _NOTHING
    engine, project = services.containers(host_of(stack, record)), record.home(stack).project
    try:
        listed = engine.containers(project, one_off=True)
        found = [each for each in listed if each.is_of_service]
        at_rest = stop_of(record, found, lambda: stop_seen(engine, project, facts.known)) is not None
        images = made_from(engine, found, record.images)
    except EngineUnavailable:
        if engine.docker_host == stack.docker_host:
            raise
        return _NOTHING  # it has another engine now, maybe since this one is gone for good
    is_healed = looks_for_drift and stack.options.drift == "heal" and not at_rest
    drift = drift_of(record, found, facts.interrupted)
    return _Seen(listed, at_rest, remedies(drift) if is_healed else {}, images)
