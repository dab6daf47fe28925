"""rollback, cancel, adopt, resume and locks, typed at a desk: on a real Redis, without workers."""

from __future__ import annotations

import pytest

from workers.model.words import Action, Decision, Reason

from .conftest import Desk

STACK = "default/a"


@pytest.fixture
def a(redis_desk: Desk) -> Desk:
    """A catalog with one stack."""
    redis_desk.catalog("repos: {r: {url: /nowhere}}\nstacks: {a: {repo: r, path: a}}\n")
    return redis_desk


def test_a_rollback_is_ordered_shown_and_released(a: Desk) -> None:
    run = a.tegu("rollback", "a", "--to", "c1", "--hold", "until_push", "--no-wait").stdout.strip()
    state = a.services.state
    pin = state.pins.get(STACK)
    assert pin is not None
    assert (pin.commit, pin.until) == ("c1", "push")
    assert "@" in pin.who
    (asked,) = state.runs.heads([run])
    assert (asked.trigger, asked.who) == ("cli", pin.who)
    assert str(asked.who) in a.tegu("runs").stdout
    (row,) = a.read("status")
    assert row["pinned"]["commit"] == "c1"
    assert "kept at c1 by" in a.tegu("status").stdout
    assert "is resumed; it follows main again" in a.tegu("resume", "a", "--no-wait").stdout
    assert state.pins.get(STACK) is None
    assert "is not paused" in a.tegu("resume", "a").stdout


def test_a_rollback_without_history_says_what_to_do(a: Desk) -> None:
    done = a.tegu("rollback", "a")
    assert (done.code, done.stderr) == (
        1,
        "error: a has no earlier good deployment; name a commit with --to\n",
    )
    assert a.tegu("rollback", "a", "--to=-x").code == 2
    assert a.tegu("rollback", "nobody", "--to", "c1").code == 2


def test_an_adoption_needs_a_decision(a: Desk) -> None:
    assert a.tegu("adopt", "a").code == 2
    assert a.tegu("adopt", "a", "--data", "move", "--no-wait").code == 0
    adoption = a.services.state.adoptions.get(STACK)
    assert adoption is not None
    assert adoption.data == "move"


def test_what_waits_and_what_is_under_way_is_cancelled(a: Desk) -> None:
    assert a.tegu("cancel", "a").code == 1
    assert a.tegu("cancel", "nobody").code == 2
    run = a.read("deploy", "a", "--no-wait")["run"]
    assert a.read("cancel", "a")["waiting"] == [run]
    again = a.read("deploy", "a", "--no-wait")["run"]
    assert a.tegu("cancel", again).stdout == "a waits for its turn no more\n"
    assert "can be cancelled" in a.tegu("cancel", again).stderr
    state = a.services.state
    deployment = state.deployments.create(Decision(STACK, Action.UP, Reason.FORCED, "c1"), run)
    with state.leases.acquire(f"stack:{STACK}", "deploying") or pytest.fail("it is held"):
        assert "stops at the next safe point" in a.tegu("cancel", deployment).stdout
    assert "@" in state.cancellations.asked([deployment]).get(deployment, "")
