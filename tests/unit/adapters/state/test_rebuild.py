"""An empty Redis is filled from the journals; a full one is left alone."""

from __future__ import annotations

import pytest

from workers.adapters.state.leases import stack_lease
from workers.adapters.state.rebuild import mirror_marks, rebuild
from workers.adapters.state.state import State

STACK = "production/a"


@pytest.fixture
def journalled(state: State) -> State:
    state.journal.save(STACK, {"record": {"commit": "c1"}, "fence": 7, "status": {"verified_commit": "c2"}})
    state.journal.save("production/b", {"intent": {"to": "c1"}})
    return state


def test_a_redis_that_lost_everything_gets_it_back(journalled: State) -> None:
    state = journalled
    rebuild(state)
    state.pauses.pause(STACK, "me")
    state.holds.hold(STACK, "f1")
    state.pins.pin(STACK, "c1", "release", "me")
    state.redis.flushall()
    assert rebuild(state) == [STACK]
    assert state.records.get(STACK) == {"commit": "c1"}
    assert state.records.status(STACK) == {"deployed_commit": "c1", "verified_commit": "c2"}
    assert state.leases.newest_fence(stack_lease(STACK)) == 7
    marks = (state.pauses.get(STACK), state.holds.get(STACK), state.pins.get(STACK))
    assert all(mark and mark["at"] for mark in marks)


def test_what_redis_has_stays(journalled: State) -> None:
    journalled.records.put(STACK, {"commit": "newer"}, 9)
    assert rebuild(journalled) == []
    assert journalled.records.get(STACK) == {"commit": "newer"}


def test_a_mark_that_was_taken_away_elsewhere_does_not_come_back(journalled: State) -> None:
    rebuild(journalled)
    journalled.journal.update(STACK, pause={"who": "me"})
    rebuild(journalled)
    assert journalled.pauses.get(STACK) is None
    mirror_marks(journalled, {STACK: {}})
    assert "pause" not in journalled.journal.load(STACK)


def test_marks_that_were_made_elsewhere_reach_the_journal(state: State) -> None:
    state.pauses.pause(STACK, "me")
    mirror_marks(state, {STACK: {"when_removed": "stop"}, "production/b": {}})
    assert state.journal.load(STACK)["pause"]["who"] == "me"
    assert not state.journal.exists("production/b")
