"""The way back, as far as it comes without an engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.records import a_record
from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, running
from workers.adapters.state.journal import Journal
from workers.adapters.state.state import State
from workers.deploy.files.manifest import load_manifest
from workers.deploy.report import Ledger
from workers.deploy.transaction.apply import Failure
from workers.deploy.transaction.call import call_of
from workers.deploy.transaction.ground import Former, Ground
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.prepared import Prepared
from workers.deploy.transaction.rollback import Told, go_back
from workers.model.errors import EngineUnavailable
from workers.model.words import Action, Entry, Outcome

WRITTEN = {"a/conf": Entry(0o100644, "1")}


def failure_on(ground: Ground) -> Failure:
    work = a_work(ground, a_model(web={}), running(a_container("web")), a_decision(web=Action.UP))
    intent = Intent.of(Prepared(work, ground.snapshot, WRITTEN, (), {})).done()
    return Failure("it broke", intent, work.decision, ground.snapshot, WRITTEN, is_applied=True)


@pytest.fixture
def told(state: State) -> Told:
    return Told(state.journal, Ledger(state, "default/a", 1, ()))


def left(journal: Journal) -> dict[str, Action]:
    return dict(journal.load("default/a").disturbed)


def test_a_first_deployment_has_nothing_to_go_back_to_and_stays(tmp_path: Path, told: Told) -> None:
    ground = a_ground(tmp_path)
    ending = go_back(ground, failure_on(ground), told)
    assert (ending.outcome, ending.message, ending.hold) == (Outcome.FAILED, "it broke", True)
    assert load_manifest(ground.folders.manifest) == WRITTEN
    assert left(told.journal) == {}


def test_where_nobody_wants_to_go_back_the_next_deployment_makes_good_what_was_touched(
    tmp_path: Path, told: Told
) -> None:
    ground = a_ground(tmp_path, options={"rollback": False}, record=a_record())
    ground = replace(ground, call=call_of(ground.stack, ground.project, ground.folders.live))
    assert go_back(ground, failure_on(ground), told).outcome is Outcome.FAILED
    assert left(told.journal) == {"web": Action.UP}
    assert told.journal.load("default/a").intent is None


def test_there_is_no_way_back_to_what_is_out_of_reach(tmp_path: Path, told: Told) -> None:
    ground = a_ground(tmp_path, record=a_record(), former=Former("by worker w"))
    ground = replace(ground, call=call_of(ground.stack, ground.project, ground.folders.live))
    ending = go_back(ground, failure_on(ground), told)
    assert ending.message == "it broke\nthere is no way back, since it was last deployed by worker w"


def test_a_cancelled_one_that_cannot_go_back_says_so(tmp_path: Path, told: Told) -> None:
    ground = a_ground(tmp_path)
    ground.tools.stop.set()
    ending = go_back(ground, failure_on(ground), told)
    assert ending.outcome is Outcome.CANCELLED
    assert ending.message == "cancelled; there is nothing to go back to, so what was begun stays"


def test_what_was_not_applied_is_back_with_its_files(tmp_path: Path, told: Told) -> None:
    ground = a_ground(tmp_path)
    ground = replace(ground, call=call_of(ground.stack, ground.project, ground.folders.live))
    with pytest.raises(EngineUnavailable):  # what a killed Compose has left is settled first, and nobody answers
        go_back(ground, replace(failure_on(ground), is_applied=False), told)
    kept = told.journal.load("default/a").intent
    assert kept is not None
    assert Intent.from_json(kept).failed == "it broke"
