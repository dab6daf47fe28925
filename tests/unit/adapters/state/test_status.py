"""The status of a stack is the first that applies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workers.adapters.state.state import State
from workers.adapters.state.status import StackFacts, status_of, status_row
from workers.model.words import StackStatus

STACK = "production/a"
DEPLOYED = {"deployed_commit": "c1", "verified_commit": "c1", "latest_commit": "c1"}
ALL = StackFacts(
    STACK,
    {
        "removed": True,
        "stopped": True,
        "last_decision": {"reason": "invalid"},
        "last_deployment": {"outcome": "failed"},
        **DEPLOYED,
    },
    pause={"who": "me"},
    leased=True,
    waiting=True,
)


def test_the_order_of_statuses_is_that_of_the_contract() -> None:
    facts = ALL
    seen = [status_of(facts)]
    steps: list[dict[str, Any]] = [
        {"removed": False},
        {"last_decision": {"reason": "moved"}},
        {"leased": False},
        {"pause": None},
        {"stopped": False},
        {"last_decision": {"reason": "failed_before"}},
        {"last_deployment": {"outcome": "rolled_back"}},
        {"last_deployment": None},
        {"waiting": False},
        {"deployed_commit": None, "latest_commit": None},
    ]
    for step in steps:
        own = {name: value for name, value in step.items() if name in {"leased", "pause", "waiting"}}
        rest = {name: value for name, value in step.items() if name not in own}
        facts = replace(facts, fields={**facts.fields, **rest}, **own)
        seen.append(status_of(facts))
    assert seen == list(StackStatus)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "unknown"),
        (DEPLOYED, "deployed"),
        ({**DEPLOYED, "latest_commit": "c2"}, "pending"),
        ({"latest_commit": "c1"}, "pending"),
        ({**DEPLOYED, "latest_commit": "c2", "verified_commit": "c2"}, "deployed"),
        ({"latest_commit": "c2", "last_decision": {"reason": "self"}}, "unknown"),
        ({**DEPLOYED, "last_decision": {"reason": "blocked"}}, "blocked"),
        ({**DEPLOYED, "paused_by_option": True}, "paused"),
    ],
)
def test_fields_make_a_status(fields: dict[str, Any], status: str) -> None:
    assert status_of(StackFacts(STACK, fields)) == status


def test_a_rollback_is_forgotten_once_what_runs_is_what_is_wanted() -> None:
    fields = {
        **DEPLOYED,
        "last_deployment": {"outcome": "rolled_back", "at": "2026-01-01T00:00:00.000Z"},
        "last_decision": {"reason": "unchanged", "at": "2026-01-01T00:01:00.000Z"},
    }
    assert status_of(StackFacts(STACK, fields)) == "deployed"
    fields["last_decision"] = {"reason": "unchanged", "at": "2025-12-31T00:00:00.000Z"}
    assert status_of(StackFacts(STACK, fields)) == "rolled_back"


def test_healing_what_is_deployed_does_not_hide_that_what_is_newest_has_failed() -> None:
    facts = StackFacts(
        STACK,
        {**DEPLOYED, "latest_commit": "c2", "last_deployment": {"outcome": "deployed"}},
        hold={"fingerprint": "f2", "outcome": "rolled_back"},
    )
    assert status_of(facts) == "rolled_back"
    assert status_of(replace(facts, pin={"commit": "c1"})) == "deployed"
    assert status_of(replace(facts, fields={**facts.fields, "verified_commit": "c2"})) == "deployed"


def test_a_row_has_every_field_of_the_contract() -> None:
    row = status_row(StackFacts(STACK, DEPLOYED, pause={"who": "me"}))
    assert row == {
        "stack": STACK,
        "status": "paused",
        "deployed_commit": "c1",
        "verified_commit": "c1",
        "latest_commit": "c1",
        "last_decision": None,
        "last_deployment": None,
        "drift": None,
        "paused": {"who": "me"},
        "held": None,
        "pinned": None,
    }


def test_rows_come_from_what_redis_has(state: State) -> None:
    state.records.put("production/b", {}, None, **DEPLOYED)
    state.records.put(STACK, {}, None, **DEPLOYED)
    run = state.runs.create("homelab", "cli", [])
    state.runs.plan(run, [(STACK, "c1")])
    assert [(row["stack"], row["status"]) for row in state.rows()] == [(STACK, "pending"), ("production/b", "deployed")]
    with state.leases.acquire(f"stack:{STACK}", "me") or pytest.fail("it is held"):
        assert state.rows([STACK])[0]["status"] == "deploying"
