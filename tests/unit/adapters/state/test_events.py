"""Events are read in order, from where one left off."""

from __future__ import annotations

from workers.adapters.state.state import State


def test_events_come_in_order_with_their_fields(state: State) -> None:
    assert state.events.newest() == "0"
    first = state.events.emit("pause", stack="production/a", who="me")
    state.events.emit("resume", stack="production/a")
    events = state.events.read()
    assert [event["kind"] for _, event in events] == ["pause", "resume"]
    assert events[0][1]["who"] == "me"
    assert state.events.read(after=first) == events[1:]
    assert state.events.newest() == events[-1][0]


def test_waiting_for_an_event_ends(state: State) -> None:
    assert state.events.read(after="$", block_ms=20) == []


def test_a_run_tells_its_story(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    state.runs.start_pull(run, "homelab", "local")
    state.runs.plan(run, [("production/a", "c1")])
    state.runs.end_pull(run, "homelab", "local", commits={}, error=None, repo_ref="main")
    runs = state.runs.take("production/a")
    state.runs.finish(
        runs, "production/a", commit="c1", action="up", reason="first_deploy", outcome="deployed", deployment="d1"
    )
    events = [event for _, event in state.events.read()]
    assert [(event["kind"], event.get("status") or event["outcome"]) for event in events] == [
        ("run", "queued"),
        ("run", "running"),
        ("stack", "deployed"),
        ("run", "succeeded"),
    ]
    assert events[2]["deployment"] == "d1"
