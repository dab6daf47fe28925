"""Alive, and able to work; what fails is named."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient

from app.http.factory import create_app
from tests.unit.app.conftest import Serve
from workers.adapters.state.liveness import Liveness
from workers.services import Services

QUEUES = ("tegu.local.pull", "tegu.local.deploy", "tegu.nas.pull", "tegu.nas.deploy")


def ready(client: FlaskClient, status: int) -> Any:
    response = client.get("/readyz", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert response.status_code == status
    return json.loads(response.data)


def test_a_process_that_answers_is_alive_whatever_else_is_wrong(serve: Serve) -> None:
    services = serve(redis_url="unix:///nonexistent/redis.sock")
    services.settings.catalog.unlink()
    response = create_app(services).test_client().get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_with_a_worker_on_every_queue_tegu_is_ready(client: FlaskClient, services: Services) -> None:
    Liveness(services.state.redis).beat(QUEUES)
    checks = ready(client, 200)["checks"]
    assert checks == dict.fromkeys(["catalog", "redis", *(f"worker {queue}" for queue in QUEUES)], "ok")


def test_a_queue_without_a_worker_is_named(client: FlaskClient, services: Services) -> None:
    Liveness(services.state.redis).beat(QUEUES[:3])
    problem = ready(client, 503)
    assert problem["failing"] == ["worker tegu.nas.deploy"]
    assert "tegu.nas.deploy" in problem["detail"]


def test_an_absent_redis_is_named(serve: Serve) -> None:
    client = create_app(serve(redis_url="unix:///nonexistent/redis.sock")).test_client()
    assert ready(client, 503)["failing"] == ["redis"]


def test_an_invalid_catalog_is_named_and_not_explained(client: FlaskClient, services: Services) -> None:
    Liveness(services.state.redis).beat(QUEUES)
    ready(client, 200)
    services.settings.catalog.write_text("repos: [", encoding="utf-8")
    problem = ready(client, 503)
    assert problem["failing"] == ["catalog"]
    assert "last valid one" in problem["detail"]
    assert str(services.settings.catalog) not in json.dumps(problem)


def test_a_catalog_that_never_was_valid_is_named(serve: Serve) -> None:
    services = serve()
    services.settings.catalog.unlink()
    assert "catalog" in ready(create_app(services).test_client(), 503)["failing"]
