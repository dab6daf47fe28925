"""What earlier versions wrote of runs, deployments and events is read, and shown to the letter as they showed it.

`runs-of-958c965.json` was written by the stores of commit 958c965 (0.1.0 before its release), the last one in which
these were dictionaries: of each thing its stored fields and what API and command line made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Run, RunHead
from workers.adapters.state.state import State
from workers.model.news import Told
from workers.model.words import Action, Decision, Outcome, Reason, RunStatus, Trigger

BEFORE: Mapping[str, Any] = json.loads(Path(__file__).with_name("runs-of-958c965.json").read_text())
A = "production/a"


@pytest.fixture
def taken_over(state: State, redis: Redis) -> State:
    """State over what that version left in Redis."""
    for run in BEFORE["runs"].values():
        redis.hset(keys.run(run["stored"]["id"]), mapping=run["stored"])
        redis.zadd(keys.runs(), {run["stored"]["id"]: 0})
    for deployment in BEFORE["deployments"].values():
        identifier, stack = deployment["shown"]["id"], deployment["shown"]["stack"]
        redis.hset(keys.deployment(identifier), mapping=deployment["stored"])
        redis.rpush(keys.deployments(stack), identifier)
        for step in deployment["steps"]:
            redis.rpush(keys.steps(identifier), step)
    for event in BEFORE["events"]:
        redis.xadd(keys.events(), event["stored"])
    return state


@pytest.mark.parametrize("name", BEFORE["runs"])
def test_a_run_is_shown_as_before(taken_over: State, name: str) -> None:
    shown = BEFORE["runs"][name]["shown"]
    stacks = {stack: {"message": ""} | each for stack, each in shown["stacks"].items()}  # it was left out where empty
    before = shown | {"stacks": stacks}
    run = taken_over.runs.get(before["id"])
    assert run is not None
    assert run.to_json() == before
    assert list(run.to_json()) == list(before)
    assert json.loads(json.dumps(run.to_json())) == before
    head = taken_over.runs.head(before["id"])
    assert head == RunHead(run.id, run.repo, run.trigger, run.who, run.status, run.forced, run.has_pulls)


def test_the_list_of_runs_is_that_of_before(taken_over: State) -> None:
    assert [run.id for run in taken_over.runs.list(limit=100).items] == BEFORE["listed"]


def test_a_run_that_is_half_done_is_read_word_by_word(taken_over: State) -> None:
    run = taken_over.runs.get(BEFORE["runs"]["half done"]["shown"]["id"])
    assert run is not None
    assert (run.trigger, run.status, run.forced, run.has_pulls) == (Trigger.WEBHOOK, RunStatus.RUNNING, False, True)
    assert run.stacks["production/d"] == StackResult(
        "production/d", Action.UP, Reason.CONTENT_CHANGED, outcome=None, commit="c1"
    )
    assert [result.outcome for result in run.stacks.values()] == ["deployed", "rolled_back", "blocked", None]
    assert run.pull_errors == {"nas": "no route to git.example.com"}


def test_what_older_versions_did_not_write_of_a_run_is_made_up() -> None:
    stored = {"id": "r1", "repo": "homelab", "pull:local": {"status": "queued"}, "trigger": "somebody's own word"}
    run = Run.from_stored(stored)
    assert run is not None
    assert (run.status, run.trigger, run.has_pulls, run.who) == (RunStatus.QUEUED, Trigger.CALL, True, None)
    assert run.to_json()["pulls"] == {"local": {"status": "queued", "commits": {}, "error": None}}
    assert Run.from_stored({}) is RunHead.from_stored({}) is None


@pytest.mark.parametrize("name", BEFORE["deployments"])
def test_a_deployment_is_shown_as_before(taken_over: State, name: str) -> None:
    before = BEFORE["deployments"][name]["shown"]
    deployment = taken_over.deployments.get(before["id"])
    assert deployment is not None
    assert json.loads(json.dumps(deployment.to_json())) == deployment.to_json() == before
    assert deployment in taken_over.deployments.list(before["stack"])


def test_what_older_versions_did_not_write_of_a_deployment_is_unknown() -> None:
    fields = {"id": "d1", "stack": A, "status": "running", "started_at": "2026-11-28T02:15:23.180Z"}
    assert RecordedDeployment.from_json(fields) == RecordedDeployment(
        "d1", A, None, None, None, None, RunStatus.RUNNING, "2026-11-28T02:15:23.180Z"
    )


def test_events_are_shown_as_before(taken_over: State) -> None:
    shown = [event.to_json() for event in taken_over.events.read()]
    assert shown == [event["shown"] for event in BEFORE["events"]]
    assert [list(each) for each in shown] == [list(event["shown"]) for event in BEFORE["events"]]


def test_tasks_return_what_they_returned_before() -> None:
    before = BEFORE["tasks"]
    changed = Decision(A, Action.UP, Reason.CONTENT_CHANGED, "c1")
    deployment = StackResult.of(changed, Outcome.ROLLED_BACK, "d1", "web is unhealthy")
    nothing = StackResult(A, Action.NONE, Reason.SUPERSEDED, Outcome.SUPERSEDED)
    unchanged = StackResult(A, Action.NONE, Reason.UNCHANGED, Outcome.UNCHANGED, "c1")
    for result, name in ((deployment.to_json(), "deployment"), (nothing.to_json(), "nothing to do")):
        assert repr(result) == repr(before[name])  # which is what a worker logs and Flower shows
    assert repr(unchanged.glance()) == repr(before["quick look"])


def test_what_was_told_and_is_still_bad_is_known_as_before() -> None:
    text = '{"outcome": "rolled_back", "fingerprint": null, "message": "web is unhealthy \\u00fc", "run": "r1"}'
    assert Told.from_text(text) == Told(Outcome.ROLLED_BACK, None, "web is unhealthy ü", "r1")
    assert Told.from_text(text).to_text() == text  # which is how Redis is asked whether it still is the same
