"""An empty Redis is filled from the journals; a full one is left alone."""

from __future__ import annotations

import pytest

from tests.records import a_record
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.marks import Hold, Pause, Pin, Removed
from workers.adapters.state.rebuild import mirror_marks, rebuild
from workers.adapters.state.state import State
from workers.adapters.state.status import Known

STACK = "production/a"
GONE = Removed("gone from the catalog", "keep", "keep", "2026-01-01T00:00:00.000Z")


@pytest.fixture
def journalled(state: State) -> State:
    state.journal.update(STACK, record=a_record("c1"), fence=7, removed=GONE)
    state.journal.update("production/b", intent={"to": "c1"})
    return state


def test_a_redis_that_lost_everything_gets_it_back(journalled: State) -> None:
    state = journalled
    rebuild(state)
    state.pauses.pause(STACK, "me")
    state.holds.hold(STACK, Hold("f1"))
    state.pins.pin(STACK, Pin("c1", "release", "me"))
    state.redis.flushall()
    assert rebuild(state) == [STACK]
    assert state.records.get(STACK) == a_record("c1")
    assert state.records.status(STACK) == Known(deployed_commit="c1", verified_commit="c1", removed=GONE)
    assert state.leases.newest_fence(stack_lease(STACK)) == 7
    marks = (state.pauses.get(STACK), state.holds.get(STACK), state.pins.get(STACK))
    assert all(mark and mark.at for mark in marks)


def test_what_redis_has_stays(journalled: State) -> None:
    journalled.records.put(STACK, a_record("newer"), 9)
    assert rebuild(journalled) == []
    assert journalled.records.get(STACK) == a_record("newer")


def test_a_mark_that_was_taken_away_elsewhere_does_not_come_back(journalled: State) -> None:
    rebuild(journalled)
    journalled.journal.update(STACK, pause=Pause("me", "", ""))
    rebuild(journalled)
    assert journalled.pauses.get(STACK) is None
    mirror_marks(journalled, {STACK: "keep"})
    assert journalled.journal.load(STACK).pause is None


def test_marks_that_were_made_elsewhere_reach_the_journal(state: State) -> None:
    state.pauses.pause(STACK, "me")
    mirror_marks(state, {STACK: "stop", "production/b": "keep"})
    kept = state.journal.load(STACK)
    assert (kept.pause, kept.when_removed) == (state.pauses.get(STACK), "stop")
    assert not state.journal.exists("production/b")
