"""What every answer has in common."""

from __future__ import annotations

import json
import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.http.factory import create_app
from tests.unit.app.conftest import Serve
from workers.model.errors import (
    BlockedStack,
    Busy,
    CatalogError,
    GitUnavailable,
    RedisUnavailable,
    StaleHolder,
    UnknownName,
    UsageError,
)
from workers.runtime.logs import get_logger
from workers.runtime.masking import mask

PATHS = ["/healthz", "/readyz", "/metrics", "/api/v1/runs", "/nothing"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_hardened_and_not_kept(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == "no-store"


def test_every_answer_tells_its_request_id(client: FlaskClient) -> None:
    first, second = (client.get("/healthz").headers["X-Request-Id"] for _ in range(2))
    assert first
    assert first != second


def test_a_proxys_request_id_is_taken_over(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-123"}).headers["X-Request-Id"] == "abc-123"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "ü", "a,b"])
def test_anything_else_is_not(client: FlaskClient, given: str) -> None:
    assert client.get("/nothing", headers={"X-Request-Id": given}).headers["X-Request-Id"] not in {"", given}


@pytest.fixture
def failing(serve: Serve) -> Flask:
    app = create_app(serve())

    @app.get("/fail/<kind>")
    def fail(kind: str) -> str:
        raise ERRORS[kind]

    return app


ERRORS: dict[str, Exception] = {
    "unknown": UnknownName("there is no such thing"),
    "usage": UsageError("that does not fit"),
    "blocked": BlockedStack("decide first"),
    "catalog": CatalogError("/etc/tegu.yaml:1: wrong"),
    "redis": RedisUnavailable("redis at 10.0.0.1 is away"),
    "git": GitUnavailable("git is away"),
    "busy": Busy("locked"),
    "stale": StaleHolder("old"),
    "bug": ZeroDivisionError("deep inside"),
}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("unknown", 404),
        ("usage", 400),
        ("blocked", 409),
        ("catalog", 503),
        ("redis", 503),
        ("git", 503),
        ("busy", 503),
        ("stale", 500),
        ("bug", 500),
    ],
)
def test_every_error_becomes_a_problem(failing: Flask, kind: str, status: int) -> None:
    response = failing.test_client().get(f"/fail/{kind}")
    problem = json.loads(response.data)
    assert response.content_type == "application/problem+json"
    assert (response.status_code, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert ("Retry-After" in response.headers) is (status == 503)
    if status >= 500:
        assert str(ERRORS[kind]) not in problem["detail"]
    else:
        assert problem["detail"] == str(ERRORS[kind])


def test_a_redirect_stays_one(failing: Flask) -> None:
    failing.add_url_rule("/folder/", "folder", lambda: "")
    assert failing.test_client().get("/folder").status_code == 308


def test_a_known_secret_is_masked_in_a_problem(failing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.runtime.masking._masked", [])
    mask(["hunter22"])
    monkeypatch.setitem(ERRORS, "usage", UsageError("hunter22 does not fit"))
    assert b"hunter22" not in failing.test_client().get("/fail/usage").data


def test_a_request_without_trusted_proxies_believes_nothing_of_what_is_forwarded(serve: Serve) -> None:
    app = create_app(serve())

    @app.get("/whoami")
    def whoami() -> dict[str, str | None]:
        from flask import request  # noqa: PLC0415

        return {"address": request.remote_addr, "host": request.host, "scheme": request.scheme}

    forged = {"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    seen = app.test_client().get("/whoami", headers=forged).json
    assert seen == {"address": "127.0.0.1", "host": "localhost", "scheme": "http"}


def test_ids_of_a_request_are_bound_to_its_log_lines(
    serve: Serve, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    app = create_app(serve())

    @app.get("/log")
    def log() -> str:
        get_logger("test").info("something happened")
        return ""

    app.test_client().get("/log", headers={"X-Request-Id": "abc-123"})
    assert "abc-123" in caplog.text + "".join(capsys.readouterr())
