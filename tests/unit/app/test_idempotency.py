"""Actions that are sent twice with one `Idempotency-Key`."""

from __future__ import annotations

import json
import threading

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.factory import create_app
from tests.unit.app.conftest import Serve
from workers.celery import deploy_queue
from workers.services import Services

STACK = "production/website"
DEPLOY = f"/api/v1/stacks/{STACK}/deploy"


def send(client: FlaskClient, path: str = DEPLOY, body: object = None, key: str = "k1") -> TestResponse:
    text = b"" if body is None else json.dumps(body, indent=1).encode()
    return client.post(path, data=text, headers={"Idempotency-Key": key})


def tasks(services: Services) -> int:
    return services.state.redis.llen(deploy_queue("local"))


def test_the_same_request_is_carried_out_once_and_answered_alike(client: FlaskClient, services: Services) -> None:
    first = send(client, body={"force": True})
    again = client.post(DEPLOY, data=b'{"force":true}', headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.json, again.content_type) == (202, first.json, first.content_type)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert tasks(services) == 1
    (name,) = services.state.redis.keys("tegu:action:*")
    assert 0 < services.state.redis.ttl(name) <= 86_400
    assert "k1" not in str(name)


def test_another_key_is_another_request_and_so_is_none(client: FlaskClient) -> None:
    runs = {send(client, key=key).json["run"] for key in ("k1", "k2")}  # type: ignore[index]
    runs |= {client.post(DEPLOY).json["run"] for _ in range(2)}  # type: ignore[index]
    assert len(runs) == 4


@pytest.mark.parametrize(
    ("path", "body"), [(DEPLOY, {"force": True}), ("/api/v1/stacks/production/authelia/deploy", None)]
)
def test_a_key_that_came_with_another_request_is_refused(
    client: FlaskClient, services: Services, path: str, body: object
) -> None:
    send(client)
    refused = send(client, path, body)
    assert refused.status_code == 422
    assert refused.content_type == "application/problem+json"
    assert "another request" in refused.get_json(force=True)["detail"]
    assert tasks(services) == 1


def test_of_two_at_once_one_acts(serve: Serve) -> None:
    clients = [create_app(serve()).test_client() for _ in range(8)]
    start, answers = threading.Barrier(len(clients)), []

    def act(client: FlaskClient) -> None:
        start.wait()
        answers.append(send(client))

    threads = [threading.Thread(target=act, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tasks(serve()) == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.get_json(force=True)["run"] for answer in answers if answer.status_code == 202}) == 1


def test_what_is_being_carried_out_is_asked_for_again(client: FlaskClient, services: Services) -> None:
    first = send(client)
    actions = services.state.keyed_actions
    key, request = "k2", json.loads(str(services.state.redis.get(services.state.redis.keys("tegu:action:*")[0])))
    assert actions.begin(key, request["request"]) is None
    busy = send(client, key=key)
    assert (busy.status_code, busy.headers["Retry-After"]) == (409, "1")
    assert tasks(services) == 1
    actions.forget(key)
    assert send(client, key=key).json != first.json


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/stacks/production/none/deploy", None, 404),
        (DEPLOY, {"force": "yes"}, 400),
        (f"/api/v1/stacks/{STACK}/cancel", None, 409),
    ],
)
def test_what_was_refused_may_be_sent_again_even_mended(
    client: FlaskClient, services: Services, path: str, body: object, status: int
) -> None:
    assert send(client, path, body).status_code == status
    assert send(client, path, body).status_code == status
    assert services.state.redis.keys("tegu:action:*") == []
    assert send(client).status_code == 202


def test_what_could_not_be_carried_out_may_be_sent_again(client: FlaskClient, services: Services) -> None:
    catalog = services.settings.catalog
    text = catalog.read_text()
    catalog.unlink()
    assert send(client).status_code == 503
    catalog.write_text(text)
    assert send(client).status_code == 202
    assert tasks(services) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ü"])
def test_what_cannot_be_a_key_is_refused(client: FlaskClient, services: Services, key: str) -> None:
    refused = send(client, key=key)
    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.get_json(force=True)["detail"]
    assert tasks(services) == 0


def test_who_has_no_token_learns_nothing_of_keys(serve: Serve) -> None:
    client = create_app(serve()).test_client()
    assert send(client).status_code == 202
    stranger = client.post(DEPLOY, headers={"Idempotency-Key": "k1"}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert stranger.status_code == 403


def test_reading_needs_no_key(client: FlaskClient, services: Services) -> None:
    assert client.get("/api/v1/stacks", headers={"Idempotency-Key": "k1"}).status_code == 200
    assert services.state.redis.keys("tegu:action:*") == []
