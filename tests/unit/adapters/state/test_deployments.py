"""Deployments, their steps and their logs."""

from __future__ import annotations

import threading

import pytest

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.past_deployment import EndedStep
from workers.adapters.state.past_marks import LETTERS, MOST_MARKS, PastMark, PastMarks
from workers.adapters.state.state import State
from workers.model.words import Action, Decision, Outcome, Reason, Trigger

STACK = "production/a"


def created(state: State) -> str:
    decision = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, "c1")
    return state.deployments.create(decision, "run1", trigger=Trigger.WEBHOOK, who="alice")


def test_a_deployment_is_shown_with_what_is_known_so_far(state: State) -> None:
    deployment = created(state)
    found = state.deployments.get(deployment)
    assert found is not None
    shown = found.to_json()
    assert shown.pop("started_at").endswith("Z")
    assert shown == {
        "id": deployment,
        "stack": STACK,
        "run": "run1",
        "commit": "c1",
        "action": "up",
        "reason": "content_changed",
        "status": "running",
        "outcome": None,
        "error": None,
        "finished_at": None,
        "trigger": "webhook",
        "who": "alice",
        "steps": [],
    }


def test_an_unknown_deployment_is_none_and_stays_so(state: State) -> None:
    state.deployments.finish("nothing", Outcome.DEPLOYED)
    assert state.deployments.get("nothing") is None


@pytest.mark.parametrize(("outcome", "status"), [(Outcome.DEPLOYED, "succeeded"), (Outcome.ROLLED_BACK, "failed")])
def test_a_deployment_ends_with_an_outcome(state: State, outcome: Outcome, status: str) -> None:
    deployment = created(state)
    state.deployments.tell(deployment, steps=[EndedStep("stage", 0.012, now())])
    state.deployments.tell(deployment, steps=[EndedStep("up", 1.5, now())])
    state.deployments.finish(deployment, outcome, "web is unhealthy")
    shown = state.deployments.get(deployment)
    assert shown is not None
    assert (shown.status, shown.outcome, shown.error) == (status, outcome, "web is unhealthy")
    assert shown.finished_at is not None
    assert [(step.name, step.seconds) for step in shown.steps] == [("stage", 0.012), ("up", 1.5)]
    assert not {"seconds", "fingerprint"} & set(shown.to_json())


def test_what_is_known_only_at_the_end_is_shown_then(state: State) -> None:
    deployment = created(state)
    state.deployments.finish(deployment, Outcome.DEPLOYED, seconds={"up": 1.5}, fingerprint="f1")
    shown = state.deployments.get(deployment)
    assert shown is not None
    assert (shown.seconds, shown.fingerprint) == ({"up": 1.5}, "f1")
    assert list(shown.to_json())[-3:] == ["seconds", "fingerprint", "steps"]


def test_a_stack_keeps_its_newest_deployments(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_DEPLOYMENTS_OF_STACK", 3)
    made = [created(state) for _ in range(5)]
    assert [shown.id for shown in state.deployments.list(STACK)] == made[:1:-1]
    assert [shown.id for shown in state.deployments.list(STACK, limit=1)] == made[-1:]
    assert state.deployments.get(made[0]) is None


def test_a_log_is_read_from_where_one_left_off(state: State) -> None:
    deployment = created(state)
    state.deployments.tell(deployment)
    state.deployments.tell(deployment, ["one", "two"])
    state.deployments.tell(deployment, ["three"])
    lines = state.deployments.read_log(deployment)
    assert [line for _, line in lines] == ["one", "two", "three"]
    assert state.deployments.read_log(deployment, after=lines[1][0]) == lines[2:]
    assert state.deployments.read_log(deployment, after=lines[2][0], block_ms=10) == []


def test_a_reader_wakes_up_with_the_next_line(state: State) -> None:
    deployment = created(state)
    writer = threading.Timer(0.1, state.deployments.tell, (deployment, ["late"]))
    writer.start()
    assert [line for _, line in state.deployments.read_log(deployment, block_ms=60_000)] == ["late"]
    writer.join()


def test_a_long_line_is_cut(state: State) -> None:
    deployment = created(state)
    state.deployments.tell(deployment, ["x" * 5000])
    [(_, line)] = state.deployments.read_log(deployment)
    assert line == "x" * 2000 + " … (3000 more characters)"


def test_a_log_is_bounded(state: State) -> None:
    deployment = created(state)
    state.deployments.tell(deployment, (str(number) for number in range(10_500)))
    kept = state.redis.xlen(keys.log(deployment))
    assert 10_000 <= kept <= 10_200
    assert [line for _, line in state.deployments.read_log(deployment, count=20_000)][-1] == "10499"


def test_everything_of_a_deployment_expires(state: State) -> None:
    deployment = created(state)
    state.deployments.tell(deployment, ["one"], [EndedStep("up", 1.0, now())])
    names = [keys.deployment(deployment), keys.steps(deployment), keys.log(deployment), keys.deployments(STACK)]
    assert all(state.redis.ttl(name) > 0 for name in names)


def test_the_status_of_a_stack_knows_its_last_deployments_of_those_that_ended(state: State) -> None:
    state.records.set_status(STACK, latest_commit="c1")
    made = [created(state) for _ in range(MOST_MARKS + 3)]
    for deployment in made[:-2]:
        state.deployments.finish(deployment, Outcome.DEPLOYED)
    state.deployments.finish(made[-1], Outcome.ROLLED_BACK)
    past = state.records.status(STACK).past
    assert past.outcomes == "d" * (MOST_MARKS - 2) + "r", "one of the newest twenty has not ended"
    assert past.each()[-1] == PastMark(made[-1], Outcome.ROLLED_BACK, "c1")
    assert set(LETTERS.values()) == set(Outcome)


def test_what_is_not_known_any_more_is_not_known_again_by_the_end_of_a_deployment(state: State) -> None:
    deployment = created(state)
    state.deployments.finish(deployment, Outcome.DEPLOYED)
    assert not state.redis.exists(keys.status(STACK))
    assert state.records.status(STACK).past == PastMarks()


def test_a_stack_that_goes_on_under_another_name_keeps_its_last_deployments(state: State) -> None:
    for stack in (STACK, "production/b"):
        state.records.set_status(stack, latest_commit="c1")
    deployment = created(state)
    state.deployments.finish(deployment, Outcome.DEPLOYED)
    state.hand_on(STACK, "production/b")
    assert state.records.status("production/b").past.each() == (PastMark(deployment, Outcome.DEPLOYED, "c1"),)
