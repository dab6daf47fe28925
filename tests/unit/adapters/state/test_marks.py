"""Pauses, holds and pins, in Redis and in the journal of the host that has one."""

from __future__ import annotations

from workers.adapters.state.state import State

STACK = "production/a"


def test_a_pause_says_who_and_why(state: State) -> None:
    state.pauses.pause(STACK, "alice", "holiday")
    [(stack, pause)] = state.pauses.all().items()
    assert pause.pop("at").endswith("Z")
    assert (stack, pause) == (STACK, {"who": "alice", "why": "holiday"})
    assert state.pauses.resume(STACK)
    assert not state.pauses.resume(STACK)
    assert state.pauses.get(STACK) is None


def test_a_hold_names_the_fingerprint(state: State) -> None:
    state.holds.hold(STACK, "f1", "web is unhealthy", attempts=2)
    hold = state.holds.get(STACK)
    assert hold is not None
    assert (hold["fingerprint"], hold["why"], hold["attempts"]) == ("f1", "web is unhealthy", 2)
    assert state.holds.release(STACK)


def test_a_pin_names_the_commit_and_its_end(state: State) -> None:
    state.pins.pin(STACK, "c1", "push", "alice")
    pin = state.pins.get(STACK)
    assert pin is not None
    assert (pin["commit"], pin["until"], pin["who"]) == ("c1", "push", "alice")
    assert state.pins.release(STACK)


def test_marks_are_journalled_where_the_journal_is(state: State) -> None:
    state.pauses.pause(STACK, "alice")
    assert state.journal.load(STACK) == {}
    state.journal.save(STACK, {"record": {"commit": "c1"}})
    state.pauses.pause(STACK, "alice")
    state.holds.hold(STACK, "f1")
    kept = state.journal.load(STACK)
    assert (kept["pause"]["who"], kept["hold"]["fingerprint"]) == ("alice", "f1")
    state.pauses.resume(STACK)
    state.holds.release(STACK)
    assert state.journal.load(STACK) == {"record": {"commit": "c1"}}
