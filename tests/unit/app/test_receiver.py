"""`POST /webhooks/<repo>`: the statuses that the contract promises, for every forge that can cause them."""

from __future__ import annotations

import base64
import io
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app.http import bodies
from app.http.bodies import LARGEST_DELIVERY
from app.http.factory import create_app
from tests import forges
from tests.forges import BRANCH, COMMIT, Delivery
from tests.redis_server import RedisServer
from tests.unit.app.conftest import Serve
from workers.celery import pull_queue
from workers.services import Services

every_forge = pytest.mark.parametrize("forge", forges.FORGES)
every_forge_with_events = pytest.mark.parametrize("forge", [name for name in forges.FORGES if name != "generic"])


def deliver(client: FlaskClient, delivery: Delivery, repo: str = "homelab") -> TestResponse:
    return client.post(f"/webhooks/{repo}", data=delivery.body, headers=delivery.headers)


def queued(services: Services) -> list[tuple[str, str, str]]:
    """The pulls that wait for the worker: repo, run, worker."""
    messages = services.state.redis.lrange(pull_queue("local"), 0, -1)
    return [tuple(json.loads(base64.b64decode(json.loads(item)["body"]))[0]) for item in messages]


def assert_problem(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(response.data)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


# ---------------------------------------------------------------- 202


@every_forge
def test_a_push_is_queued_for_every_worker_under_one_run(forge: str, client: FlaskClient, services: Services) -> None:
    response = deliver(client, forges.push(forge))
    assert response.status_code == 202
    assert response.json is not None
    assert response.json["status"] == "queued"
    run = services.state.runs.get(response.json["run"])
    assert run is not None
    assert (run.repo, run.trigger, run.who, run.status) == ("homelab", "webhook", forge, "queued")
    assert sorted(run.pulls) == ["local", "nas"]
    assert queued(services) == [("homelab", run.id, "local")]


@every_forge
def test_the_same_push_again_joins_the_run_that_waits(forge: str, client: FlaskClient, services: Services) -> None:
    first, second = (deliver(client, forges.push(forge)) for _ in range(2))
    assert second.json == {"run": first.json["run"], "status": "coalesced"}  # type: ignore[index]
    assert second.status_code == 202
    assert len(queued(services)) == 1


@every_forge
def test_a_commit_that_was_fetched_already_joins_the_run_that_fetched_it(
    forge: str, client: FlaskClient, services: Services
) -> None:
    runs = services.state.runs
    run = deliver(client, forges.push(forge)).json["run"]  # type: ignore[index]
    for worker in ("local", "nas"):
        assert runs.start_pull(run, "homelab", worker)
        runs.end_pull(run, "homelab", worker, commits={"main": COMMIT}, error=None, repo_ref="main")
    assert deliver(client, forges.push(forge)).json == {"run": run, "status": "coalesced"}
    newer = deliver(client, forges.push(forge, [(BRANCH, "ab" * 20)]))
    assert newer.json["status"] == "queued"  # type: ignore[index]


@pytest.mark.parametrize("forge", ["bitbucket_cloud", "bitbucket_server", "azure_devops"])
def test_one_new_ref_among_several_is_enough_to_look(forge: str, client: FlaskClient, services: Services) -> None:
    run = deliver(client, forges.push(forge)).json["run"]  # type: ignore[index]
    for worker in ("local", "nas"):
        assert services.state.runs.start_pull(run, "homelab", worker)
        services.state.runs.end_pull(run, "homelab", worker, commits={"main": COMMIT}, error=None, repo_ref="main")
    several = forges.push(forge, [(BRANCH, COMMIT), ("refs/heads/develop", "ab" * 20)])
    assert deliver(client, several).json["status"] == "queued"  # type: ignore[index]


@pytest.mark.parametrize("forge", ["github", "gitea", "forgejo", "gogs"])
def test_a_form_is_as_good_as_json(forge: str, client: FlaskClient) -> None:
    assert deliver(client, forges.push(forge, form=True)).status_code == 202


@every_forge
def test_a_branch_that_only_an_environment_follows_counts(forge: str, client: FlaskClient) -> None:
    assert deliver(client, forges.push(forge, [("refs/heads/develop", COMMIT)])).status_code == 202


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_anybody_with_the_secret_may_ask_for_a_look(body: bytes, client: FlaskClient) -> None:
    assert deliver(client, forges.sign_raw("generic", "", body)).status_code == 202


@every_forge
def test_the_next_secret_is_good_already(forge: str, client: FlaskClient) -> None:
    assert deliver(client, forges.push(forge, secret="the next one")).status_code == 202


# ---------------------------------------------------------------- 200


def assert_ignored(response: TestResponse, reason: str, services: Services) -> None:
    assert response.status_code == 200
    assert response.json is not None
    assert (response.json["status"], response.json["reason"]) == ("ignored", reason)
    assert response.json["detail"]
    assert queued(services) == []


@every_forge
@pytest.mark.parametrize("ref", ["refs/heads/feature/x", "refs/tags/v1", "refs/heads/main2"])
def test_a_ref_that_no_stack_follows_is_ignored(forge: str, ref: str, client: FlaskClient, services: Services) -> None:
    response = deliver(client, forges.push(forge, [(ref, COMMIT)]))
    assert_ignored(response, "other_ref", services)
    assert ref in response.json["detail"]  # type: ignore[index]


@every_forge_with_events
def test_a_deletion_is_ignored(forge: str, client: FlaskClient, services: Services) -> None:
    assert_ignored(deliver(client, forges.push(forge, [(BRANCH, None)])), "deletion", services)


@every_forge_with_events
def test_another_event_is_ignored(forge: str, client: FlaskClient, services: Services) -> None:
    assert_ignored(deliver(client, forges.other_event(forge)), "other_event", services)


@pytest.mark.parametrize("forge", ["github", "bitbucket_server"])
def test_a_ping_is_ignored(forge: str, client: FlaskClient, services: Services) -> None:
    assert_ignored(deliver(client, forges.ping(forge)), "ping", services)


# ---------------------------------------------------------------- 4xx


@every_forge
@pytest.mark.parametrize("secret", ["guess", ""])
def test_a_wrong_or_empty_secret_is_unauthorized(
    forge: str, secret: str, client: FlaskClient, services: Services
) -> None:
    response = deliver(client, forges.push(forge, secret=secret))
    assert_problem(response, 401)
    assert response.headers["WWW-Authenticate"]
    assert queued(services) == []


@every_forge
def test_without_a_configured_secret_webhooks_are_refused(forge: str, client: FlaskClient) -> None:
    problem = assert_problem(deliver(client, forges.push(forge, secret=""), "quiet"), 401)
    assert "refused" in problem["detail"]


def test_a_request_without_any_header_is_unauthorized(client: FlaskClient) -> None:
    assert_problem(client.post("/webhooks/homelab"), 401)


@every_forge
def test_nothing_is_parsed_before_the_signature_was_checked(forge: str, client: FlaskClient) -> None:
    unsigned = forges.sign_raw(forge, forges.EVENTS[forge][0], b"{", secret="guess")
    assert_problem(deliver(client, unsigned), 401)


@every_forge
def test_an_unknown_repo_is_not_found(forge: str, client: FlaskClient) -> None:
    assert_problem(deliver(client, forges.push(forge), "nonsense"), 404)


@every_forge
@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff", b"[" * 100_000, b'{"ref": 7, "eventType": "git.push", "resource": 7}']
)
def test_a_malformed_body_is_a_bad_request(
    forge: str, body: bytes, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert_problem(deliver(client, forges.sign_raw(forge, forges.EVENTS[forge][0], body)), 400)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_not_allowed(method: str, client: FlaskClient) -> None:
    response = client.open("/webhooks/homelab", method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    if method != "HEAD":
        assert_problem(response, 405)


class _Unread:
    """An input that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError

    readline = readinto = read


def test_a_body_that_announces_too_much_is_refused_unread(client: FlaskClient) -> None:
    announced = {"wsgi.input": _Unread(), "CONTENT_LENGTH": str(LARGEST_DELIVERY + 1)}
    assert_problem(client.post("/webhooks/homelab", environ_overrides=announced), 413)


@pytest.mark.parametrize(("size", "status"), [(LARGEST_DELIVERY, 202), (LARGEST_DELIVERY + 1, 413)])
def test_the_largest_body_is_the_limit(size: int, status: int, client: FlaskClient) -> None:
    body = b'{"ref": "main"}'.ljust(size)
    response = deliver(client, forges.sign_raw("generic", "", body))
    assert response.status_code == status


@pytest.mark.parametrize(("size", "status"), [(LARGEST_DELIVERY, 202), (LARGEST_DELIVERY + 1, 413)])
def test_a_body_of_unknown_length_has_the_same_limit(size: int, status: int, client: FlaskClient) -> None:
    delivery = forges.sign_raw("generic", "", b'{"ref": "main"}'.ljust(size))
    response = client.post(
        "/webhooks/homelab",
        input_stream=io.BytesIO(delivery.body),
        headers={**delivery.headers, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status


def test_a_body_that_breaks_off_is_a_bad_request(client: FlaskClient) -> None:
    delivery = forges.push("github")
    response = client.post(
        "/webhooks/homelab",
        headers=delivery.headers,
        environ_overrides={"wsgi.input": _Broken(), "CONTENT_LENGTH": "1000"},
    )
    assert_problem(response, 400)


def test_a_body_that_ends_too_early_is_a_bad_request_even_when_it_makes_sense(client: FlaskClient) -> None:
    delivery = forges.sign_raw("generic", "", b'{"ref": "main"}')
    short = {"wsgi.input": io.BytesIO(delivery.body), "CONTENT_LENGTH": "1000", "wsgi.input_terminated": True}
    assert_problem(client.post("/webhooks/homelab", headers=delivery.headers, environ_overrides=short), 400)


def test_only_so_many_large_bodies_are_read_at_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.http.bodies._places", threading.BoundedSemaphore(1))
    monkeypatch.setattr("app.http.bodies._PATIENCE_SECONDS", 0.01)
    large, small = (forges.sign_raw("generic", "", b'{"ref": "main"}'.ljust(size)) for size in (2 << 20, 100))
    for _ in range(2):
        assert deliver(client, large).status_code == 202
    bodies._places.acquire()
    assert_problem(deliver(client, large), 503)
    assert deliver(client, small).status_code == 202


class _Broken:
    """The input of a client that has hung up."""

    def read(self, *_: object) -> bytes:
        message = "gone"
        raise ConnectionResetError(message)

    readline = readinto = read


# ---------------------------------------------------------------- 503


@pytest.fixture
def fragile(serve: Serve, own_redis_server: Callable[..., RedisServer]) -> tuple[FlaskClient, RedisServer]:
    """The application on a Redis of its own, which has been used before."""
    server = own_redis_server()
    services = serve(redis_url=server.url)
    client = create_app(services).test_client()
    assert deliver(client, forges.push("github")).status_code == 202
    return client, server


def assert_unavailable(client: FlaskClient) -> None:
    started = time.monotonic()
    response = deliver(client, forges.push("github", [(BRANCH, "cd" * 20)]))
    took = time.monotonic() - started
    assert_problem(response, 503)
    assert int(response.headers["Retry-After"]) > 0
    assert took < 30


def test_without_redis_the_forge_is_asked_to_come_back(fragile: tuple[FlaskClient, RedisServer]) -> None:
    client, server = fragile
    server.kill()
    assert_unavailable(client)


def test_with_a_frozen_redis_too_and_in_time(fragile: tuple[FlaskClient, RedisServer]) -> None:
    client, server = fragile
    server.freeze()
    try:
        assert_unavailable(client)
    finally:
        server.thaw()


def test_a_redis_that_comes_back_serves_at_once(fragile: tuple[FlaskClient, RedisServer]) -> None:
    client, server = fragile
    server.kill()
    assert_unavailable(client)
    server.start()
    assert deliver(client, forges.push("github", [(BRANCH, "ef" * 20)])).status_code == 202


def test_a_full_redis_is_no_better_than_none(fragile: tuple[FlaskClient, RedisServer]) -> None:
    client, server = fragile
    with Redis.from_url(server.url) as redis:
        redis.config_set("maxmemory", "1")
        assert_unavailable(client)
        redis.config_set("maxmemory", "0")
    assert deliver(client, forges.push("github", [(BRANCH, "ef" * 20)])).status_code == 202


def test_what_needs_no_redis_is_answered_without_it(fragile: tuple[FlaskClient, RedisServer]) -> None:
    client, server = fragile
    server.kill()
    assert deliver(client, forges.ping("github")).status_code == 200
    assert deliver(client, forges.push("github", secret="guess")).status_code == 401


def test_an_invalid_catalog_is_not_explained_to_strangers(serve: Serve) -> None:
    services = serve()
    services.settings.catalog.write_text("repos: [", encoding="utf-8")
    problem = assert_problem(deliver(create_app(services).test_client(), forges.push("github")), 503)
    assert str(services.settings.catalog) not in problem["detail"]


# ---------------------------------------------------------------- secrets


def test_no_secret_reaches_answers_logs_or_redis(
    client: FlaskClient, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    places = [deliver(client, forges.push(forge, secret="the next one")).data for forge in forges.FORGES]
    with Redis.from_url(redis_server.url) as redis:
        places += [redis.dump(key) for key in redis.scan_iter()]
    for place in (*places, caplog.text.encode()):
        assert b"the next one" not in place
