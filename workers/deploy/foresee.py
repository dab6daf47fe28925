"""What the next look at a stack will do, by the same functions that do it, without its lock and without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from workers.adapters.state.deployed import Deployed
from workers.adapters.state.fast_path import Look
from workers.adapters.state.status import StackFacts
from workers.catalog.stacks import Planned
from workers.changes.decision import undecided
from workers.deploy import fast_path
from workers.deploy.decide import decide
from workers.deploy.files.adopted import files_for
from workers.deploy.gate import gate, said_of
from workers.deploy.observe import observe, without_engine
from workers.deploy.observed import Observed, Request
from workers.deploy.sight import Sight
from workers.model.errors import EngineUnavailable, GitUnavailable
from workers.model.stack import Stack
from workers.model.words import Decision
from workers.services import Services

_NOBODY = Request()


def foresee(services: Services, planned: Sequence[Planned]) -> Iterator[Decision]:
    """What a pull would decide about this worker's stacks, in the same order; `blocked`: it cannot be read.

    Raises:
        UnknownName: a commit is gone.
        RedisUnavailable: what is deployed cannot be read.
    """
    ids = [each.stack.id for each in planned]
    records, facts = services.state.records.get_many(ids), services.state.facts(ids)
    for each in planned:
        try:
            yield _foreseen(services, each.stack, records[each.stack.id], facts[each.stack.id])
        except GitUnavailable as error:
            yield undecided(each.stack.id, each.commit, error)


def _foreseen(services: Services, stack: Stack, record: Deployed | None, facts: StackFacts) -> Decision:
    now = datetime.now(UTC)
    settled = fast_path.settled(services, stack, _NOBODY, Look((), record, facts), now)
    if settled is not None:
        return settled
    observed = _observed(services, stack, record, facts, now)
    outside = files_for(services, stack, observed.adoption)
    return said_of(observed, gate(observed, decide(observed, Sight(services, stack, outside))))


def _observed(services: Services, stack: Stack, record: Deployed | None, facts: StackFacts, now: datetime) -> Observed:
    """With what runs, unless somebody is at it just now, or its engine is away."""
    if not facts.leased:
        try:
            return observe(services, stack, _NOBODY, now)
        except EngineUnavailable:
            pass
    return without_engine(services, stack, _NOBODY, now, deployed=record, facts=facts)
