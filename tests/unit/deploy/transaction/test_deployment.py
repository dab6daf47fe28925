"""One deployment, as far as it comes without an engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.records import record_at
from workers.adapters.state.deployed import Deployed
from workers.deploy.report import Ledger
from workers.deploy.transaction.deployment import Deployment, Job
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision
from workers.services import Services


@pytest.fixture
def record(services: Services, stack: Stack) -> Deployed:
    """The newest commit, as if it were deployed."""
    return record_at(services, stack, services.clone("r").resolve("main"))


@pytest.fixture
def job(services: Services, stack: Stack, record: Deployed) -> Job:
    decision = Decision(
        stack.id, Action.UP, Reason.DRIFTED, record.commit, services={"web": ServiceDecision(Action.UP)}
    )
    return Job(stack, decision, record.snapshot, 0, services.state.journal.load(stack.id), record)


def deployment(services: Services, job: Job) -> Deployment:
    return Deployment(services, job, Ledger(services.state, job.stack.id, 1, ()))


def test_files_that_reach_no_service_are_written_and_recorded(services: Services, job: Job, stack: Stack) -> None:
    deployment(services, job).write_files()
    live = services.live(stack)
    assert (live / "a/compose.yaml").read_text() == "services: {web: {image: web:1}}\n"
    journal = services.state.journal.load(stack.id)
    assert journal.record is not None
    assert (journal.record.commit, journal.intent) == (job.snapshot.commit, None)
    assert services.clone("r").pins() == {"deployed/default/a": job.snapshot.commit}


def test_what_does_not_last_is_not_tried_again(services: Services, job: Job, stack: Stack) -> None:
    ending, shown = deployment(services, replace(job, worn_out=("web",), told=Reason.RETRIED)).carry_out()
    assert (ending.outcome, shown.reason) == (Outcome.FAILED, Reason.RETRIED)
    assert ending.message.startswith("brought back 3 times, and not there again: web;")
    assert services.state.holds.get(stack.id) is not None


def test_an_engine_that_is_away_leaves_the_runs_waiting(services: Services, job: Job, stack: Stack) -> None:
    with pytest.raises(EngineUnavailable):
        deployment(services, job).carry_out()
    assert services.state.holds.get(stack.id) is None
    assert services.state.journal.load(stack.id).intent is None
