"""An unchanged stack: one look, one end."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from tests.records import a_record
from workers.adapters.state.marks import Hold, Pin
from workers.adapters.state.state import State
from workers.adapters.state.status import Known
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision

STACK = "production/a"
UNCHANGED = Decision(STACK, Action.NONE, Reason.UNCHANGED, "c2")


def planned(state: State) -> str:
    run = state.runs.create("homelab", "webhook", ["local"])
    state.runs.plan(run, [(STACK, "c2")])
    state.runs.end_pull(run, "homelab", "local", commits={}, error=None, repo_ref="main")
    return run


def test_a_look_has_all_that_a_decision_needs(state: State) -> None:
    run = planned(state)
    state.records.put(STACK, a_record("c1"), None, deployed_commit="c1", drift={"web": "missing"})
    state.pauses.pause(STACK, "me", "holiday")
    state.holds.hold(STACK, Hold("f1"))
    state.pins.pin(STACK, Pin("c0", "release", "me"))
    look = state.quick.look(STACK, "task")
    assert (look.runs, look.record) == ((run,), a_record("c1"))
    assert look.facts.known == Known(drift={"web": "missing"}), "of the status no more than decides anything"
    assert look.facts.pause is not None
    assert look.facts.pause.who == "me"
    assert look.facts.hold is not None
    assert look.facts.hold.fingerprint == "f1"
    assert look.facts.pin is not None
    assert look.facts.pin.commit == "c0"
    assert not look.facts.leased
    assert state.quick.peek([STACK, "production/b"]) == {
        STACK: replace(look, runs=()),
        "production/b": state.quick.look("production/b", "task"),
    }
    assert state.runs.take(STACK, "task") == (run,), "to peek takes nothing"


@pytest.mark.parametrize(
    ("trigger", "workers", "forced", "asked", "again"),
    [
        ("webhook", ["local"], False, False, False),
        ("reconcile", [], False, False, False),
        ("retry", [], False, False, True),
        ("cli", [], False, True, False),
        ("cli", [], True, True, False),
    ],
)
def test_a_look_says_what_the_runs_that_it_has_taken_ask_for(
    state: State, trigger: str, workers: list[str], forced: bool, asked: bool, again: bool
) -> None:
    planned(state)
    run = state.runs.create("homelab", trigger, workers, forced=forced)
    state.runs.plan(run, [(STACK, "c2")])
    look = state.quick.look(STACK, "task")
    assert (look.asked, look.again) == (asked, again)


def test_a_look_at_a_stack_that_nobody_waits_for_finds_no_runs(state: State) -> None:
    look = state.quick.look(STACK, "task")
    assert (look.runs, look.record, look.facts.known, look.facts.pause) == ((), None, Known(), None)


def test_an_unchanged_stack_is_verified_at_the_new_commit(state: State) -> None:
    run = planned(state)
    state.quick.finish_unchanged(state.quick.look(STACK, "task").runs, UNCHANGED)
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, shown.stacks[STACK].outcome) == ("succeeded", "unchanged")
    status = state.records.status(STACK)
    assert (status.latest_commit, status.verified_commit) == ("c2", "c2")
    assert status.last_decision is not None
    assert (status.last_decision.reason, status.last_decision.run) == (Reason.UNCHANGED, run)


def test_a_skipped_stack_is_not_verified(state: State) -> None:
    run = planned(state)
    service = ServiceDecision(Action.UP, ("a/compose.yaml",))
    paused = Decision(STACK, Action.UP, Reason.PAUSED, "c2", services={"web": service}, message="paused by me")
    state.quick.finish_unchanged([run], paused, Outcome.SKIPPED)
    status = state.records.status(STACK)
    assert status.verified_commit is None
    assert status.last_decision is not None
    assert status.last_decision.to_json()["services"] == {"web": {"action": "up", "paths": ["a/compose.yaml"]}}
    shown = state.runs.get(run)
    assert shown is not None
    assert shown.stacks[STACK].message == "paused by me"


def test_quiet_ends_are_no_events(state: State) -> None:
    run = planned(state)
    state.quick.finish_unchanged([run], UNCHANGED)
    assert {event["kind"] for event in (each.to_json() for each in state.events.read())} == {"run"}


def test_an_invalid_stack_without_a_commit_keeps_what_is_known(state: State) -> None:
    run = planned(state)
    invalid = Decision(STACK, Action.NONE, Reason.INVALID, message="two folders have this name")
    state.quick.finish_unchanged([run], invalid, Outcome.INVALID)
    status = state.records.status(STACK)
    assert status.last_decision is not None
    assert (status.latest_commit, status.last_decision.commit) == ("c2", None)


class TestTogether:
    """What a thread does to several stacks at once."""

    OTHER = "production/b"

    def _planned(self, state: State) -> str:
        run = planned(state)
        state.runs.plan(run, [(self.OTHER, "c2")])
        return run

    def test_costs_two_round_trips_however_many_there_are(self, state: State) -> None:
        run = self._planned(state)
        alone = replace(state.quick.peek([STACK])[STACK], runs=(run,))
        before = _calls(state)
        with state.quick.together([(STACK, "t1"), (self.OTHER, "t2")]):
            assert state.quick.look(STACK, "t1") == alone
            assert state.quick.look(self.OTHER, "t2").runs == (run,)
            for stack in (STACK, self.OTHER):
                state.quick.finish_unchanged([run], replace(UNCHANGED, stack=stack))
            assert _calls(state) - before == 1, "nothing has ended before all of it has"
        assert _calls(state) - before == 2
        assert _outcomes(state, run) == ["unchanged", "unchanged"]
        assert state.records.status(self.OTHER).verified_commit == "c2"
        assert not state.runs.take(STACK)

    def test_is_for_the_thread_alone_and_over_with_it(self, state: State) -> None:
        run = self._planned(state)
        with state.quick.together([(STACK, "t1")]):
            thread = Thread(target=state.quick.finish_unchanged, args=([run], replace(UNCHANGED, stack=self.OTHER)))
            thread.start()
            thread.join()
            assert _outcomes(state, run) == [None, "unchanged"]
            assert state.quick.look(STACK, "t1").runs == (run,)
            assert state.quick.look(STACK, "t1").runs == (run,), "a second one asks Redis"
        state.quick.finish_unchanged([run], UNCHANGED)
        assert _outcomes(state, run) == ["unchanged", "unchanged"]


def _calls(state: State) -> int:
    stats: Any = state.redis.info("commandstats")
    return int(stats["cmdstat_evalsha"]["calls"])


def _outcomes(state: State, run: str) -> list[str | None]:
    shown = state.runs.get(run)
    assert shown is not None
    return [part.outcome for _, part in sorted(shown.stacks.items())]
