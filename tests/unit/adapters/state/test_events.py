"""Events are read in order, from where one left off."""

from __future__ import annotations

import time

from workers.adapters.state import keys
from workers.adapters.state.live import Live, LiveService
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


def test_how_services_stand_is_told_once_for_all_stacks_that_have_changed(state: State) -> None:
    seen = Live({"web": LiveService("running")}, "local unix:///x")
    state.live.write({})
    state.live.write({"production/a": seen, "production/b": seen})
    state.live.write({f"production/s{number}": seen for number in range(keys.MAX_NAMED_STACKS + 1)})
    few, many = (event.to_json() for event in state.events.read())
    assert few == {"kind": "services", "stacks": ["production/a", "production/b"], "at": few["at"]}
    assert many == {"kind": "services", "stacks": None, "at": many["at"]}


def test_a_watcher_tells_when_it_sees_otherwise_and_not_that_it_still_sees(state: State) -> None:
    def told(lost: str | None = None) -> int:
        before = state.events.newest()
        state.live.beat("local unix:///x", lost)
        return len(state.events.read(before))

    lost = "2026-01-01T00:00:05.000Z"
    assert [told(), told(), told(lost), told(lost), told()] == [1, 0, 1, 0, 1]
    for silent, count in ((keys.ALIVE_SECONDS - 20, 0), (keys.ALIVE_SECONDS + 5, 1)):
        state.redis.hset(keys.watched(), "local unix:///x", f'{{"at": {int(time.time()) - silent}, "lost": ""}}')
        assert told() == count


def test_a_container_that_comes_and_goes_all_day_displaces_no_other_event(state: State) -> None:
    run = state.events.emit("run", run="r1")
    for _ in range(keys.MAX_SERVICES_EVENTS + 5):
        state.live.write({"production/a": Live({"web": LiveService("running")}, "local unix:///x")})
    kept = state.events.read(count=10_000)
    assert (kept[0].cursor, len(kept)) == (run, 1 + keys.MAX_SERVICES_EVENTS)
