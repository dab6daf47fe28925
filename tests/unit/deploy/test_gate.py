"""Whether a plan may be carried out now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.deploy.observations import (
    ASKED,
    CHANGED,
    FORCED,
    INVALID,
    NEW,
    NOW,
    OLD,
    RECORD,
    STACK,
    UNCHANGED,
    an_intent,
    observed,
    with_options,
)
from workers.adapters.state.deployed import Healed
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import Hold, Pause, Pin, Removed
from workers.adapters.state.status import StackFacts
from workers.deploy.decide import Proposal
from workers.deploy.gate import gate, outcome_of, said_of
from workers.deploy.heritage import Heritage
from workers.deploy.lost import Lost
from workers.deploy.observed import Request
from workers.deploy.plans import (
    CarryOver,
    Deploy,
    Plan,
    Recover,
    Remove,
    Rest,
    TakeBack,
    WriteFiles,
    carried,
    disturbed,
)
from workers.deploy.target import At, NoRef
from workers.model.words import Action, Decision, Outcome, Reason

HELD = Hold(NEW.fingerprint, "it crashed")
OBSTRUCTED = replace(HELD, retry_at=(NOW + timedelta(seconds=1)).isoformat(), obstructed=True)
PINNED = Pin("c1", "release", "me", reached=True)
CHANGE = Deploy(CHANGED, NEW)
SAME = Rest(UNCHANGED, OLD)
FILES = WriteFiles(UNCHANGED, NEW)
HEALING = Deploy(disturbed(UNCHANGED, {"web": Action.RECREATE}, Reason.DRIFTED), OLD)


def facts(**marks: Any) -> StackFacts:
    return StackFacts(STACK.id, **marks)


def gated(plan: Plan = CHANGE, healing: Deploy | None = None, **fields: Any) -> Plan:
    return gate(observed(**fields), Proposal(plan, healing))


def rested(plan: Plan) -> Decision:
    assert isinstance(plan, Rest)
    assert (plan.decision.action, plan.decision.services) == (Action.NONE, {})
    return plan.decision


@pytest.mark.parametrize(
    ("fields", "plan"),
    [
        pytest.param({}, CHANGE, id="nothing in the way"),
        pytest.param({"facts": facts(hold=Hold("other"))}, CHANGE, id="other content is held"),
        pytest.param({"facts": facts(hold=replace(HELD, retry_at=NOW.isoformat()))}, CHANGE, id="its time has come"),
        pytest.param(
            {"facts": facts(hold=OBSTRUCTED), "request": Request(again=True)}, CHANGE, id="it may be out of the way"
        ),
        pytest.param({}, SAME, id="unchanged"),
        pytest.param({"facts": facts(pause=Pause("me", "", ""))}, SAME, id="unchanged and paused"),
        pytest.param({}, FILES, id="files alone"),
        pytest.param({"facts": facts(pause=Pause("me", "", ""))}, Rest(INVALID), id="invalid and paused"),
        pytest.param({"at_rest": True}, SAME, id="unchanged and stopped by hand"),
        pytest.param({"at_rest": True}, Rest(INVALID), id="invalid and stopped by hand"),
        pytest.param({"target": NoRef(), "at_rest": True, "request": ASKED}, Rest(INVALID), id="no ref"),
        pytest.param({}, Remove("down", "gone"), id="gone"),
        pytest.param({}, TakeBack(an_intent()), id="interrupted"),
        pytest.param({}, Recover(Lost(RECORD, {})), id="lost"),
        pytest.param(
            {"at_rest": True, "journal": JournalEntry(removed=Removed("gone", done="stop"))}, CHANGE, id="returned"
        ),
    ],
)
def test_it_passes_as_it_is(fields: dict[str, Any], plan: Plan) -> None:
    assert gated(plan, **fields) == plan


@pytest.mark.parametrize(
    ("fields", "reason", "message"),
    [
        ({"facts": facts(pause=Pause("me", "holidays", ""))}, Reason.PAUSED, "paused: holidays"),
        ({"facts": facts(pause=Pause("me", "", "")), "request": ASKED}, Reason.PAUSED, "paused: by option"),
        ({"stack": with_options(paused=True)}, Reason.PAUSED, "paused: by option"),
        ({"facts": facts(hold=HELD)}, Reason.FAILED_BEFORE, "it crashed"),
        (
            {"facts": facts(hold=replace(HELD, retry_at=(NOW + timedelta(seconds=1)).isoformat()))},
            Reason.FAILED_BEFORE,
            "it crashed",
        ),
        ({"facts": facts(hold=Hold("newest", "newer", beside=HELD))}, Reason.FAILED_BEFORE, "it crashed"),
        ({"facts": facts(hold=OBSTRUCTED)}, Reason.OBSTRUCTED, "it crashed"),
        ({"facts": facts(hold=HELD), "request": Request(again=True)}, Reason.FAILED_BEFORE, "it crashed"),
        ({"facts": facts(hold=replace(HELD, invalid=True))}, Reason.INVALID, "it crashed"),
        ({"at_rest": True}, Reason.STOPPED, "stopped by hand; `tegu deploy` starts it"),
        ({"facts": facts(pause=Pause("me", "holidays", "")), "at_rest": True}, Reason.PAUSED, "paused: holidays"),
    ],
)
def test_marks_and_stops_stand_in_the_way(fields: dict[str, Any], reason: Reason, message: str) -> None:
    decision = rested(gated(**fields))
    assert (decision.reason, decision.message) == (reason, message)


@pytest.mark.parametrize(
    ("fields", "plan", "reason"),
    [
        ({"facts": facts(hold=HELD), "request": ASKED}, CHANGE, Reason.RETRIED),
        ({"at_rest": True, "request": ASKED}, CHANGE, Reason.RETRIED),
        ({"at_rest": True, "request": ASKED}, SAME, Reason.RETRIED),
        ({"at_rest": True, "request": ASKED}, FILES, Reason.RETRIED),
        ({"at_rest": True, "stack": with_options(when_stopped="start")}, SAME, Reason.RETRIED),
        ({"at_rest": True, "request": FORCED}, SAME, Reason.FORCED),
        (
            {"facts": facts(hold=HELD), "request": FORCED},
            Deploy(replace(CHANGED, reason=Reason.FORCED), NEW),
            Reason.FORCED,
        ),
    ],
)
def test_whoever_asks_is_heard(fields: dict[str, Any], plan: Plan, reason: Reason) -> None:
    allowed = gated(plan, **fields)
    assert isinstance(allowed, Deploy)
    assert allowed.decision.reason is reason


@pytest.mark.parametrize(
    ("plan", "fields"),
    [(Rest(INVALID), {}), (CHANGE, {"facts": facts(hold=HELD)}), (CHANGE, {"facts": facts(hold=OBSTRUCTED)})],
)
def test_what_is_deployed_is_healed_while_something_newer_is_not_tried(plan: Plan, fields: dict[str, Any]) -> None:
    assert gated(plan, HEALING, **fields) == HEALING
    assert gated(plan, None, **fields) == gated(plan, **fields)


def test_it_is_not_healed_where_that_has_failed_or_nobody_may() -> None:
    failed = facts(hold=Hold(OLD.fingerprint, "again and again"))
    assert gated(Rest(INVALID), HEALING, facts=failed) == Rest(INVALID)
    assert gated(CHANGE, HEALING) == CHANGE


def test_healing_that_does_not_last_is_not_tried_again_unless_somebody_asks() -> None:
    healed = replace(RECORD, heals={"web": Healed(3, NOW - timedelta(hours=1))})
    tired = gated(HEALING, deployed=healed)
    assert tired == replace(HEALING, worn_out=("web",))
    assert gated(HEALING, deployed=healed, request=ASKED) == HEALING
    assert gated(CHANGE, deployed=healed) == CHANGE
    assert gated(HEALING, deployed=replace(healed, heals={"web": Healed(3, NOW - timedelta(hours=7))})) == HEALING


@pytest.mark.parametrize(
    ("plan", "target", "reason"),
    [
        (SAME, At("new"), Reason.UNCHANGED),
        (SAME, At("c1", PINNED), Reason.PINNED),
        (FILES, At("c1", PINNED), Reason.PINNED),
        (SAME, At("c1", replace(PINNED, reached=False)), Reason.UNCHANGED),
        (Rest(INVALID), At("c1", PINNED), Reason.INVALID),
        (CHANGE, At("new"), Reason.CONTENT_CHANGED),
        (CHANGE, At("c1", PINNED), Reason.CONTENT_CHANGED),
        (CHANGE, At("c1", replace(PINNED, reached=False)), Reason.ROLLBACK),
        (Rest(INVALID), NoRef(), Reason.INVALID),
        (Remove("keep", "gone"), At("new"), Reason.REMOVED),
        (TakeBack(an_intent()), At("new"), Reason.INTERRUPTED),
    ],
)
def test_what_people_are_told(plan: Plan, target: At, reason: Reason) -> None:
    assert said_of(observed(target=target), plan).reason is reason


def test_a_rollback_under_way_is_called_one_also_where_it_heals() -> None:
    ordered = At("c1", replace(PINNED, reached=False))
    allowed = gated(Rest(INVALID), HEALING, target=ordered)
    assert said_of(observed(target=ordered), allowed).reason is Reason.ROLLBACK


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.UNCHANGED, Outcome.UNCHANGED),
        (Reason.INVALID, Outcome.INVALID),
        (Reason.MOVED, Outcome.BLOCKED),
        (Reason.BLOCKED, Outcome.BLOCKED),
        (Reason.STOPPED, Outcome.SKIPPED),
    ],
)
def test_reasons_have_outcomes(reason: Reason, outcome: Outcome) -> None:
    assert outcome_of(Decision(STACK.id, Action.NONE, reason)) is outcome


def test_no_twin_is_begun_of_what_is_gone_and_has_data() -> None:
    decision = rested(gated(heritage=Heritage(("prod/old", "prod/older"), project="old")))
    assert decision.reason is Reason.MOVED
    for said in (f"`tegu adopt {STACK.id} --from prod/old`", "--from prod/older`", "--data leave`", "`project: old`"):
        assert said in decision.message
    obstructed = rested(gated(heritage=Heritage(("prod/old",), obstacle="prod/old is rolled back")))
    assert "cannot go on with prod/old: prod/old is rolled back" in obstructed.message
    assert gated(heritage=Heritage(("prod/old",), goes_on=True)) == CHANGE


def test_nobody_gets_the_directory_of_another_stack() -> None:
    decision = rested(gated(heritage=Heritage((), obstacle="its directory is that of prod/new")))
    assert (decision.reason, decision.message) == (Reason.BLOCKED, "its directory is that of prod/new")


def test_carrying_over_is_called_a_renaming() -> None:
    plan = CarryOver("prod/old")
    assert gated(plan) == plan
    assert said_of(observed(), plan).reason is Reason.RENAMED
    told = carried(SAME, STACK, "prod/old")
    assert isinstance(told, Rest)
    assert (told.decision.reason, told.outcome) == (Reason.RENAMED, Outcome.DEPLOYED)
    assert carried(CHANGE, STACK, "prod/old") == CHANGE
