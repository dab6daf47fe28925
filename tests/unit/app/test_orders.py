"""Rollback, cancel, adopt, pause and resume over HTTP, on real state."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.records import a_record
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.marks import Pin, Removed
from workers.adapters.state.results import StackResult
from workers.adapters.state.waiting_for_others import Waiting
from workers.celery import deploy_queue
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

STACK = "production/website"


def post(client: FlaskClient, path: str, body: object = None, status: int = 202) -> Any:
    text = b"" if body is None else json.dumps(body).encode()
    response = client.post(f"/api/v1{path}", data=text)
    assert response.status_code == status, response.text
    return json.loads(response.data)


def tasks(services: Services) -> list[str]:
    queued = services.state.redis.lrange(deploy_queue("local"), 0, -1)
    return [json.loads(item)["headers"]["argsrepr"] for item in queued]


def decided(commit: str) -> Decision:
    return Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, commit)


def deployed(services: Services, *commits: str) -> list[str]:
    """A history of good deployments, the last one current."""
    made = []
    for commit in commits:
        made.append(services.state.deployments.create(decided(commit), "a run"))
        services.state.deployments.finish(made[-1], Outcome.DEPLOYED, fingerprint=commit)
        record = a_record(commit, fingerprint=commit, deployment=made[-1])
        services.state.records.put(STACK, record, None)
    return made


def test_a_rollback_pins_the_stack_to_the_last_good_deployment_and_queues_it(
    client: FlaskClient, services: Services
) -> None:
    deployed(services, "c1", "c2")
    run = post(client, f"/stacks/{STACK}/rollback")["run"]
    pin = services.state.pins.get(STACK)
    assert pin is not None
    assert (pin.commit, pin.until, pin.who) == ("c1", "release", "api")
    (task,) = tasks(services)
    assert run in task


def test_a_rollback_says_where_to_and_until_when(client: FlaskClient, services: Services) -> None:
    post(client, f"/stacks/{STACK}/rollback", {"to": "v1.2", "hold": "until_push"})
    pin = services.state.pins.get(STACK)
    assert pin is not None
    assert (pin.commit, pin.until) == ("v1.2", "push")


def test_a_failed_deployment_and_one_of_the_same_content_are_not_gone_back_to(
    client: FlaskClient, services: Services
) -> None:
    deployed(services, "c1", "c2")
    failed = services.state.deployments.create(decided("c3"), "a run")
    services.state.deployments.finish(failed, Outcome.ROLLED_BACK, fingerprint="c3")
    again = services.state.deployments.create(decided("c4"), "a run")
    services.state.deployments.finish(again, Outcome.DEPLOYED, fingerprint="c2")
    services.state.records.put(STACK, a_record("c4", fingerprint="c2", deployment=again), None)
    post(client, f"/stacks/{STACK}/rollback")
    pin = services.state.pins.get(STACK)
    assert pin is not None
    assert pin.commit == "c1"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (None, 409, "no earlier good deployment"),
        ({"to": "--upload-pack=x"}, 400, "cannot be a commit"),
        ({"to": ""}, 400, "to"),
        ({"hold": "for ever"}, 400, "hold"),
        ({"unknown": 1}, 400, "unknown"),
    ],
)
def test_a_rollback_that_cannot_be_is_refused_and_pins_nothing(
    client: FlaskClient, services: Services, body: object, status: int, told: str
) -> None:
    assert told in post(client, f"/stacks/{STACK}/rollback", body, status)["detail"]
    assert services.state.pins.get(STACK) is None
    assert tasks(services) == []


def test_resuming_ends_the_pin_too(client: FlaskClient, services: Services) -> None:
    services.state.pins.pin(STACK, Pin("c1", "release", "me"))
    services.state.pauses.pause(STACK, "me")
    post(client, f"/stacks/{STACK}/resume")
    assert (services.state.pins.get(STACK), services.state.pauses.get(STACK)) == (None, None)


def test_an_adoption_is_noted_and_queued(client: FlaskClient, services: Services) -> None:
    run = post(client, f"/stacks/{STACK}/adopt", {"data": "copy"})["run"]
    adoption = services.state.adoptions.get(STACK)
    assert adoption is not None
    assert adoption.data == "copy"
    (task,) = tasks(services)
    assert run in task
    assert "data" in post(client, f"/stacks/{STACK}/adopt", {}, 400)["detail"]


def test_a_deployment_under_way_is_told_to_stop(client: FlaskClient, services: Services) -> None:
    deployment = services.state.deployments.create(decided("c1"), "a run")
    lease = services.state.leases.acquire(stack_lease(STACK), "deploying")
    assert lease is not None
    with lease:
        answer = post(client, f"/deployments/{deployment}/cancel")
        assert answer == {
            "stack": STACK,
            "deployment": deployment,
            "run": "a run",
            "waiting": [],
            "status": "cancelling",
        }
        assert services.state.cancellations.asked([deployment]) == {deployment: "api"}
        assert post(client, f"/stacks/{STACK}/cancel")["deployment"] == deployment
    assert "not under way" in post(client, f"/deployments/{deployment}/cancel", status=409)["detail"]


def test_what_waits_for_its_turn_is_cancelled(client: FlaskClient, services: Services) -> None:
    run = post(client, f"/stacks/{STACK}/deploy")["run"]
    answer = post(client, f"/stacks/{STACK}/cancel")
    assert (answer["status"], answer["waiting"]) == ("cancelled", [run])
    ended = services.state.runs.get(run)
    assert ended is not None
    assert ended.stacks[STACK].outcome == "cancelled"
    assert "nothing" in post(client, f"/stacks/{STACK}/cancel", status=409)["detail"]


def test_what_waits_for_another_stack_is_cancelled(client: FlaskClient, services: Services) -> None:
    runs, first = services.state.runs, "production/authelia"
    run = runs.create("homelab", "webhook", ())
    runs.plan(run, [(first, "c1")])
    runs.hold_back(run, [Waiting(STACK, "c1", (first,), "local")])
    alone = post(client, f"/stacks/{STACK}/deploy")["run"]
    answer = post(client, f"/stacks/{STACK}/cancel")
    assert (answer["status"], answer["waiting"]) == ("cancelled", sorted([run, alone]))
    ended = runs.parts(run, [STACK])[STACK]
    assert ended.outcome == "cancelled"
    assert (ended.message or "").startswith("cancelled by api while it waited; the next look deploys it")
    runs.finish(runs.take(first), StackResult(first, Action.UP, Reason.CONTENT_CHANGED, Outcome.DEPLOYED, "c1"))
    assert [head.status for head in runs.heads([run])] == ["succeeded"]
    assert len(tasks(services)) == 1  # that of the deployment asked for, which finds nothing to do


def test_what_is_not_there_cannot_be_cancelled(client: FlaskClient) -> None:
    post(client, "/deployments/none/cancel", status=404)
    post(client, "/stacks/production/none/cancel", status=404)
    post(client, "/stacks/production/none/rollback", {"to": "c1"}, 404)


GONE = "production/gone"


@pytest.fixture
def gone(services: Services) -> str:
    record = a_record("c1", worker="local", repo="homelab")
    services.state.records.put(GONE, record, None, removed=Removed("gone", done="keep"))
    return GONE


@pytest.mark.parametrize("down", [True, False])
def test_a_stack_that_is_gone_is_ordered_to_be_forgotten_by_the_worker_that_had_it(
    client: FlaskClient, services: Services, gone: str, down: bool
) -> None:
    run = post(client, f"/stacks/{gone}/forget", {"down": down})["run"]
    removed = services.state.records.status(gone).removed
    assert removed is not None
    assert (removed.forget, removed.done) == ("down" if down else "keep", "keep")
    (task,) = tasks(services)
    assert run in task
    assert not removed.is_settled("down")


def test_a_living_stack_is_not_forgotten_nor_is_what_nobody_knows(client: FlaskClient, services: Services) -> None:
    told = post(client, f"/stacks/{STACK}/forget", status=409)["detail"]
    assert f"{STACK} is not gone: it is services/website of repo homelab" in told
    assert "that is gone" in post(client, "/stacks/production/nobody/forget", status=404)["detail"]
    assert tasks(services) == []


def test_what_a_worker_had_that_is_no_more_is_forgotten_at_once(
    client: FlaskClient, services: Services, gone: str
) -> None:
    services.state.records.put(gone, a_record("c1", worker="sold", repo="homelab"), None)
    services.state.pauses.pause(gone, "me")
    run = post(client, f"/stacks/{gone}/forget")["run"]
    ended = services.state.runs.get(run)
    assert ended is not None
    assert (ended.status, ended.stacks[gone].outcome) == ("succeeded", "removed")
    assert "worker sold, which is no more" in ended.stacks[gone].message
    assert gone not in services.state.records.known()
    assert (services.state.records.get(gone), services.state.pauses.get(gone)) == (None, None)


def test_an_adoption_names_the_stack_that_is_gone_and_goes_on(
    client: FlaskClient, services: Services, gone: str
) -> None:
    post(client, f"/stacks/{STACK}/adopt", {"from": gone})
    adoption = services.state.adoptions.get(STACK)
    assert adoption is not None
    assert (adoption.source, adoption.data) == (gone, None)
    assert "is not gone" in post(client, f"/stacks/{STACK}/adopt", {"from": "production/authelia"}, 409)["detail"]
    services.state.records.put(STACK, a_record(), None)
    assert "is deployed" in post(client, f"/stacks/{STACK}/adopt", {"from": gone}, 409)["detail"]
