"""Events are read in order, from where one left off."""

from __future__ import annotations

from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.model.words import Action, Outcome, Reason


def test_events_come_in_order_with_their_fields(state: State) -> None:
    assert state.events.newest() == "0"
    first = state.events.emit("pause", stack="production/a", who="me")
    state.events.emit("resume", stack="production/a")
    events = state.events.read()
    assert [event.kind for event in events] == ["pause", "resume"]
    assert events[0].to_json() == {"kind": "pause", "at": events[0].facts["at"], "stack": "production/a", "who": "me"}
    assert state.events.read(after=first) == events[1:]
    assert state.events.newest() == events[-1].cursor


def test_waiting_for_an_event_ends(state: State) -> None:
    assert state.events.read(after="$", block_ms=20) == ()


def test_a_run_tells_its_story(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    state.runs.start_pull(run, "homelab", "local")
    state.runs.plan(run, [("production/a", "c1")])
    state.runs.end_pull(run, "homelab", "local", commits={}, error=None, repo_ref="main")
    runs = state.runs.take("production/a")
    result = StackResult("production/a", Action.UP, Reason.FIRST_DEPLOY, Outcome.DEPLOYED, "c1", "d1")
    state.runs.finish(runs, result)
    events = [event.to_json() for event in state.events.read()]
    assert [(event["kind"], event.get("status") or event["outcome"]) for event in events] == [
        ("run", "queued"),
        ("run", "running"),
        ("stack", "deployed"),
        ("run", "succeeded"),
    ]
    told = {"stack": "production/a", "run": run, "at": events[2]["at"]}
    assert events[2] == {"kind": "stack", **result.in_run(), **told}
