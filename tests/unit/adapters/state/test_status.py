"""The status of a stack is the first that applies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.records import a_record
from workers.adapters.state.live import Live, LiveService
from workers.adapters.state.marks import Hold, Pause, Pin, Removed, Stop
from workers.adapters.state.state import State
from workers.adapters.state.status import DecisionNote, DeploymentNote, Known, StackFacts, status_of, status_row
from workers.model.words import Action, Outcome, Reason, StackStatus

STACK = "production/a"
DEPLOYED = Known(latest_commit="c1", deployed_commit="c1", verified_commit="c1")
PAUSE = Pause("me", "", "2026-01-01T00:00:00.000Z")


def decided(reason: Reason, at: str = "") -> DecisionNote:
    return DecisionNote(Action.NONE, reason, at=at)


def ended(outcome: Outcome, at: str = "") -> DeploymentNote:
    return DeploymentNote("d1", outcome, at=at)


ALL = StackFacts(
    STACK,
    replace(
        DEPLOYED,
        removed=Removed("gone"),
        stopped=Stop("docker stop", "2026-01-01T00:00:00.000Z"),
        last_decision=decided(Reason.INVALID),
        last_deployment=ended(Outcome.FAILED),
        drift={"web": "missing"},
        lasting=("web",),
    ),
    pause=PAUSE,
    leased=True,
    waiting=True,
    live=Live({"web": LiveService("restarting")}),
)


def test_the_order_of_statuses_is_that_of_the_contract() -> None:
    facts = ALL
    seen = [status_of(facts)]
    steps: list[dict[str, Any]] = [
        {"removed": None},
        {"last_decision": decided(Reason.MOVED)},
        {"leased": False},
        {"pause": None},
        {"stopped": None},
        {"last_decision": decided(Reason.FAILED_BEFORE)},
        {"last_deployment": ended(Outcome.ROLLED_BACK)},
        {"last_deployment": None},
        {"waiting": False},
        {"drift": {}},
        {"live": None},
        {"deployed_commit": None, "latest_commit": None},
    ]
    for step in steps:
        own = {name: value for name, value in step.items() if name in {"leased", "live", "pause", "waiting"}}
        rest = {name: value for name, value in step.items() if name not in own}
        facts = replace(facts, known=replace(facts.known, **rest), **own)
        seen.append(status_of(facts))
    assert seen == list(StackStatus)


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (Known(), "unknown"),
        (DEPLOYED, "deployed"),
        (replace(DEPLOYED, latest_commit="c2"), "pending"),
        (Known(latest_commit="c1"), "pending"),
        (replace(DEPLOYED, latest_commit="c2", verified_commit="c2"), "deployed"),
        (Known(latest_commit="c2", last_decision=decided(Reason.SELF)), "unknown"),
        (replace(DEPLOYED, last_decision=decided(Reason.BLOCKED)), "blocked"),
        (replace(DEPLOYED, paused_by_option=True), "paused"),
    ],
)
def test_fields_make_a_status(known: Known, status: str) -> None:
    assert status_of(StackFacts(STACK, known)) == status


WELL, BAD = LiveService("running", "healthy"), LiveService("running", "unhealthy")


@pytest.mark.parametrize(
    ("services", "lasting", "status", "running"),
    [
        ({"web": WELL, "db": LiveService("running")}, ("db", "web"), "deployed", (2, 2)),
        ({"web": WELL, "db": BAD}, ("db", "web"), "degraded", (1, 2)),
        ({"web": WELL}, ("db", "web"), "degraded", (1, 2)),
        ({"web": LiveService("restarting")}, ("web",), "degraded", (0, 1)),
        ({"web": LiveService("paused")}, ("web",), "degraded", (0, 1)),
        ({"web": LiveService("exited")}, ("web",), "degraded", (0, 1)),
        ({"web": LiveService("running", "starting")}, ("web",), "deployed", (0, 1)),
        ({"web": LiveService("exited", done=True), "db": WELL}, ("db", "web"), "deployed", (1, 1)),
        ({"web": WELL, "job": LiveService("exited")}, ("web",), "deployed", (1, 1)),
        ({"web": WELL, "job": LiveService("exited")}, None, "degraded", (1, 2)),
        ({"web": LiveService("unknown"), "db": LiveService("unknown")}, ("db", "web"), "deployed", (0, 2)),
        ({}, ("web",), "degraded", (0, 1)),
    ],
)
def test_what_runs_makes_a_status_as_far_as_it_ought_to_run(
    services: dict[str, LiveService], lasting: tuple[str, ...] | None, status: str, running: tuple[int, int]
) -> None:
    row = status_row(StackFacts(STACK, replace(DEPLOYED, lasting=lasting), live=Live(services)))
    assert (row["status"], row["running"]) == (status, {"well": running[0], "of": running[1]})


def test_services_that_ought_to_run_are_shown_whether_somebody_sees_them_or_not() -> None:
    facts = StackFacts(STACK, replace(DEPLOYED, lasting=("web",)))
    assert facts.services["web"].state == "unknown"
    assert replace(facts, live=Live()).services["web"].state == "missing"
    gone = Live({"old": LiveService("missing"), "web": LiveService("missing", since="2026-01-01T00:00:00.000Z")})
    assert {name: each.since for name, each in replace(facts, live=gone).services.items()} == {
        "web": "2026-01-01T00:00:00.000Z"
    }


def test_a_rollback_is_forgotten_once_what_runs_is_what_is_wanted() -> None:
    known = replace(
        DEPLOYED,
        last_deployment=ended(Outcome.ROLLED_BACK, "2026-01-01T00:00:00.000Z"),
        last_decision=decided(Reason.UNCHANGED, "2026-01-01T00:01:00.000Z"),
    )
    assert status_of(StackFacts(STACK, known)) == "deployed"
    known = replace(known, last_decision=decided(Reason.UNCHANGED, "2025-12-31T00:00:00.000Z"))
    assert status_of(StackFacts(STACK, known)) == "rolled_back"


def test_healing_what_is_deployed_does_not_hide_that_what_is_newest_has_failed() -> None:
    facts = StackFacts(
        STACK,
        replace(DEPLOYED, latest_commit="c2", last_deployment=ended(Outcome.DEPLOYED)),
        hold=Hold("f2", outcome=Outcome.ROLLED_BACK),
    )
    assert status_of(facts) == "rolled_back"
    assert status_of(replace(facts, pin=Pin("c1", "release", "me"))) == "deployed"
    assert status_of(replace(facts, known=replace(facts.known, verified_commit="c2"))) == "deployed"


def test_a_row_has_every_field_of_the_contract() -> None:
    row = status_row(StackFacts(STACK, DEPLOYED, pause=PAUSE))
    assert row == {
        "stack": STACK,
        "status": "paused",
        "deployed_commit": "c1",
        "verified_commit": "c1",
        "latest_commit": "c1",
        "last_decision": None,
        "last_deployment": None,
        "drift": None,
        "services": {},
        "stopped": None,
        "running": {"well": 0, "of": 0},
        "paused": {"at": "2026-01-01T00:00:00.000Z", "who": "me", "why": ""},
        "held": None,
        "pinned": None,
        "removed": None,
    }


def test_what_little_is_known_of_a_decision_has_defaults() -> None:
    known = Known.from_json({"last_decision": {"reason": "invalid"}, "last_deployment": {"id": "d1"}, "drift": None})
    assert known.last_decision == DecisionNote(Action.NONE, Reason.INVALID)
    assert known.last_deployment == DeploymentNote("d1", None)
    assert (known.drift, known.stopped, known.removed) == ({}, None, None)
    assert Known.from_json({}) == Known()


def test_rows_come_from_what_redis_has(state: State) -> None:
    for stack in ("production/b", STACK):
        state.records.put(stack, a_record(), None, latest_commit="c1", deployed_commit="c1", verified_commit="c1")
    run = state.runs.create("homelab", "cli", [])
    state.runs.plan(run, [(STACK, "c1")])
    assert [(row["stack"], row["status"]) for row in state.rows()] == [(STACK, "pending"), ("production/b", "deployed")]
    with state.leases.acquire(f"stack:{STACK}", "me") or pytest.fail("it is held"):
        assert state.rows([STACK])[0]["status"] == "deploying"
