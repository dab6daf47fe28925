"""What the next look at a stack will do, by the same functions that do it, without its lock and without doing it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.adapters.state.deployed import Deployed
from workers.adapters.state.fast_path import Look
from workers.adapters.state.status import StackFacts
from workers.catalog.stacks import Planned
from workers.changes.decision import undecided
from workers.deploy.act import job_of
from workers.deploy.decide import decide
from workers.deploy.files.adopted import files_for
from workers.deploy.gate import gate, said_of, why_paused
from workers.deploy.observe import observe, without_engine
from workers.deploy.observed import Observed, Supposed
from workers.deploy.plans import CarryOver, Deploy, Repair
from workers.deploy.report import Ledger
from workers.deploy.settled import settled
from workers.deploy.sight import Sight
from workers.deploy.transaction.after_kill import Interrupted
from workers.deploy.transaction.deployment import Deployment
from workers.model.errors import EngineUnavailable, GitUnavailable
from workers.model.stack import Stack
from workers.model.words import Decision, Reason
from workers.services import Services

_NOTHING = Supposed()
_AT_ONCE = 4  # Compose reads the files of so many stacks at the same time


def foresee(
    services: Services,
    planned: Sequence[Planned],
    *,
    surveys: bool,
    supposed: Supposed = _NOTHING,
    asks_engine: bool = True,
) -> Iterator[Decision]:
    """What a pull would decide about this worker's stacks, in the same order; `blocked`: it cannot be read.

    Args:
        services: the process's.
        planned: the stacks.
        surveys: whether the engine is asked, too, for what would end a deployment before it touches anything: a taken
            port or name, a missing network, data that would stay behind. Each changed stack is staged for that.
        supposed: what somebody is taken to have ordered; nothing by default.
        asks_engine: whether the engine is asked at all; else what runs is as it was left.

    Raises:
        UnknownName: a commit is gone.
        RedisUnavailable: what is deployed cannot be read.
    """
    ids = [each.stack.id for each in planned]
    records, facts = services.state.records.get_many(ids), services.state.facts(ids)

    def look(each: Planned) -> Decision:
        stack = each.stack
        try:
            known = supposed.of(facts[stack.id])
            return _foreseen(
                services, stack, records[stack.id], known, supposed, surveys=surveys, asks_engine=asks_engine
            )
        except GitUnavailable as error:
            return undecided(stack.id, each.commit, error)

    if len(planned) == 1:  # in this thread, which can be ended
        yield look(planned[0])
        return
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield from threads.map(look, planned)
    finally:
        threads.shutdown(cancel_futures=True)  # whoever does not want the rest does not wait for it


def _foreseen(
    services: Services,
    stack: Stack,
    record: Deployed | None,
    facts: StackFacts,
    supposed: Supposed,
    *,
    surveys: bool,
    asks_engine: bool,
) -> Decision:
    now = datetime.now(UTC)
    decision = settled(services, stack, supposed.request, Look((), record, facts), now)
    if decision is not None:
        return _even_if_unchanged(stack, facts, decision)
    observed = _observed(services, stack, supposed, now) if asks_engine and not facts.leased else None
    surveys = surveys and observed is not None
    observed = observed or without_engine(services, stack, supposed.request, now, deployed=record, facts=facts)
    outside = files_for(services, stack, observed.adoption)
    sight = Sight(services, stack, outside)
    proposal = decide(observed, sight)
    if isinstance(proposal.plan, CarryOver):
        return said_of(observed, proposal.plan)
    if isinstance(proposal.plan, Repair):
        observed = after_repair(observed)
        proposal = decide(observed, sight)
    plan = gate(observed, proposal)
    if surveys and isinstance(plan, Deploy) and not plan.worn_out:
        with suppress(EngineUnavailable):
            return _surveyed(services, observed, plan)
    return said_of(observed, plan)


def _even_if_unchanged(stack: Stack, facts: StackFacts, decision: Decision) -> Decision:
    """A pause is worth saying even where there is nothing to be done."""
    if decision.reason is Reason.UNCHANGED and (why := why_paused(stack, facts)):
        return replace(decision, reason=Reason.PAUSED, message=why)
    return decision


def after_repair(observed: Observed) -> Observed:
    """What will be observed once that has been done which comes first: something recovered, an attempt given up."""
    lost, left = observed.lost, observed.interrupted
    if lost is not None:
        record, disturbed = lost.record, Interrupted(disturbed=lost.disturbed)
        return replace(observed, deployed=record, anywhere=record, interrupted=disturbed, lost=None)
    return replace(observed, interrupted=left.given_up(left.intent.network_keys if left.intent else ()))


def _surveyed(services: Services, observed: Observed, plan: Deploy) -> Decision:
    stack = observed.stack
    with TemporaryDirectory(prefix="tegu-plan-") as scratch, Path(os.devnull).open() as nobodys_lock:
        ledger = Ledger(services.state, stack.id, 0, ())
        job = job_of(observed, plan, nobodys_lock.fileno())
        return Deployment(services, job, ledger).foreseen(Path(scratch, "stage"))


def _observed(services: Services, stack: Stack, supposed: Supposed, now: datetime) -> Observed | None:
    """With what runs; None where the engine is away."""
    with suppress(EngineUnavailable):
        return observe(services, stack, supposed.request, now, supposed=supposed)
    return None
