"""What a stack will need is shown before its turn comes, and never in place of what is known better."""

from __future__ import annotations

from workers.adapters.state.state import State
from workers.model.words import Action, Decision, Outcome, Reason

STACK = "production/a"
CHANGED = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, "c1", paths=("a/compose.yaml",))


def planned(state: State, commit: str = "c1") -> str:
    run = state.runs.create("homelab", "webhook", [])
    state.runs.plan(run, [(STACK, commit)])
    return run


def part(state: State, run: str) -> dict[str, str | bool | None]:
    shown = state.runs.get(run)
    assert shown is not None
    return shown.stacks[STACK].in_run()


def test_a_stack_that_waits_shows_what_it_will_need(state: State) -> None:
    run = planned(state)
    state.forecasts.note(run, [CHANGED])
    shown = {"commit": "c1", "action": "up", "reason": "content_changed", "outcome": None, "deployment": None}
    assert part(state, run) == shown
    (row,) = state.rows([STACK])
    assert row["status"] == "pending"
    assert (row["last_decision"]["reason"], row["last_decision"]["paths"]) == ("content_changed", ["a/compose.yaml"])
    state.runs.plan(run, [(STACK, "c1")])  # its message was lost
    assert part(state, run) == shown
    state.runs.plan(run, [(STACK, "c2")])
    assert part(state, run)["reason"] is None


def test_what_has_ended_stays(state: State) -> None:
    run = planned(state)
    ended = Decision(STACK, Action.NONE, Reason.BLOCKED, "c1")
    state.quick.finish_unchanged(state.runs.take(STACK), ended, Outcome.BLOCKED)
    before = (part(state, run), state.rows([STACK]))
    state.forecasts.note(run, [CHANGED])
    assert (part(state, run), state.rows([STACK])) == before


def test_a_look_at_the_same_commit_knew_more(state: State) -> None:
    planned(state)
    known = Decision(STACK, Action.NONE, Reason.MOVED, "c1")
    state.quick.finish_unchanged(state.runs.take(STACK), known, Outcome.BLOCKED)
    again = planned(state)
    state.forecasts.note(again, [CHANGED])
    assert part(state, again)["reason"] == "content_changed"
    assert state.rows([STACK])[0]["last_decision"]["reason"] == "moved"


def test_what_a_run_does_not_wait_for_is_left_alone(state: State) -> None:
    run = state.runs.create("homelab", "webhook", [])
    state.forecasts.note(run, [CHANGED])
    state.forecasts.note(run, [])
    state.forecasts.note(planned(state, "c2"), [CHANGED])
    assert state.rows([STACK])[0]["last_decision"] is None
