"""Pauses, holds and pins, in Redis and in the journal of the host that has one."""

from __future__ import annotations

from dataclasses import replace

from tests.records import a_record
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import Adoption, HandedOver, Hold, Pause, Pin, Removed
from workers.adapters.state.state import State
from workers.model.words import Outcome

STACK = "production/a"


def test_a_pause_says_who_and_why(state: State) -> None:
    state.pauses.pause(STACK, "alice", "holiday")
    [(stack, pause)] = state.pauses.all().items()
    assert pause.at.endswith("Z")
    assert (stack, pause) == (STACK, Pause("alice", "holiday", pause.at))
    assert state.pauses.resume(STACK)
    assert not state.pauses.resume(STACK)
    assert state.pauses.get(STACK) is None


def test_paused_again_without_a_reason_it_keeps_the_old_one(state: State) -> None:
    for who, why, expected in (("alice", "holiday", "holiday"), ("bob", "", "holiday"), ("bob", "moving", "moving")):
        state.pauses.pause(STACK, who, why)
        pause = state.pauses.get(STACK)
        assert pause is not None
        assert (pause.who, pause.why) == (who, expected)


def test_a_hold_names_the_fingerprint(state: State) -> None:
    state.holds.hold(STACK, Hold("f1", "web is unhealthy", attempts=2))
    hold = state.holds.get(STACK)
    assert hold is not None
    assert hold.at.endswith("Z")
    assert (hold.fingerprint, hold.why, hold.attempts) == ("f1", "web is unhealthy", 2)
    assert state.holds.release(STACK)


def test_a_pin_names_the_commit_and_its_end(state: State) -> None:
    state.pins.pin(STACK, Pin("c1", "push", "alice"))
    pin = state.pins.get(STACK)
    assert pin is not None
    assert (pin.commit, pin.until, pin.who) == ("c1", "push", "alice")
    assert state.pins.release(STACK)


def test_marks_are_journalled_where_the_journal_is(state: State) -> None:
    state.pauses.pause(STACK, "alice")
    assert state.journal.load(STACK) == JournalEntry()
    state.journal.update(STACK, record=a_record())
    state.pauses.pause(STACK, "alice")
    state.holds.hold(STACK, Hold("f1"))
    kept = state.journal.load(STACK)
    assert (kept.pause, kept.hold) == (state.pauses.get(STACK), state.holds.get(STACK))
    assert kept.pause is not None
    state.pauses.resume(STACK)
    state.holds.release(STACK)
    assert state.journal.load(STACK) == JournalEntry(record=a_record())


def test_an_old_pin_without_an_id_is_one_that_is_not_reached() -> None:
    pin = Pin.from_json({"at": "2026-01-01T00:00:00.000Z", "commit": "c1", "until": "push", "who": "me", "why": ""})
    assert pin == Pin("c1", "push", "me", at="2026-01-01T00:00:00.000Z", id=None, head=None, reached=False, before=None)


def test_a_pin_says_what_it_goes_back_to_until_it_is_reached() -> None:
    reached = Pin("c1", "release", "me", id="1", head="c3", reached=True)
    ordered = Pin("c2", "push", "me", id="2", before=reached)
    assert "before" not in reached.to_json()
    assert replace(ordered, before=None).to_json()["before"] is None
    for pin in (reached, ordered):
        assert Pin.from_json(pin.to_json()) == pin


def test_an_old_hold_without_a_count_and_an_end_is_the_first_one() -> None:
    hold = Hold.from_json({"fingerprint": "f1", "beside": None})
    assert hold == Hold("f1", "", commit=None, deployment=None, outcome=None, attempts=0, invalid=False, retry_at=None)
    assert hold.beside is None
    assert "beside" not in hold.to_json()


def test_a_hold_comes_back_with_the_one_beside_it() -> None:
    hold = Hold("f1", "why", "c1", "d1", Outcome.FAILED, 2, beside=Hold("f0", outcome=Outcome.ROLLED_BACK), at="now")
    assert Hold.from_json(hold.to_json()) == hold


def test_a_mark_of_a_removal_says_what_was_done_once_it_is() -> None:
    noticed = Removed("gone", at="now")
    assert noticed.to_json() == {"why": "gone", "at": "now"}
    assert not noticed.is_settled("keep")
    done = Removed.from_json({"why": "gone", "policy": "down", "done": "stop", "at": "now"})
    assert (done.is_settled("stop"), done.is_settled("down"), done.was_touched) == (True, False, True)


def test_what_has_gone_to_another_worker_is_not_theirs_unless_it_says_so() -> None:
    assert HandedOver.from_json({"to": "nas", "done": "keep"}) == HandedOver("nas", "keep", theirs=False)
    assert not HandedOver("nas", "keep").was_touched


def test_an_adoption_comes_back_as_it_was() -> None:
    assert Adoption.from_json({"data": "copy"}) == Adoption("copy", "")
