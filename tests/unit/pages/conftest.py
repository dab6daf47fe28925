"""The whole web application on a real Redis, with its pages; browsers are clients that keep cookies."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from flask.testing import FlaskClient

from app.http.factory import create_app
from app.pages.room import add_pages
from tests.redis_server import RedisServer
from workers.adapters.queue import Queue
from workers.adapters.state.state import State
from workers.celery import configuration
from workers.model.secret import Secret
from workers.runtime.settings import Settings
from workers.services import Services

TOKEN = "a token with ümlauts"
CATALOG = """
repos:
  homelab: {url: "https://git.example.com/me/homelab.git", ref: main, webhook_secret: planted, discover: ["services/*"]}
environments:
  production: {worker: local}
  staging: {worker: local, ref: develop}
defaults: {project: "{stack}-{environment}"}
stacks:
  website: {repo: homelab, path: services/website, environments: [staging]}
"""

Serve = Callable[..., Services]


@pytest.fixture
def serve(redis_server: RedisServer, redis: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Makes services; options are settings."""
    del redis  # emptied
    monkeypatch.setattr("workers.runtime.masking._masked", [])
    (tmp_path / "tegu.yaml").write_text(CATALOG, encoding="utf-8")

    def make(**options: Any) -> Services:
        known: dict[str, Any] = {
            "catalog": tmp_path / "tegu.yaml",
            "data_dir": tmp_path,
            "redis_url": redis_server.url,
            "api_token": Secret(TOKEN),
        }
        settings = Settings(**known | options)
        celery = Celery("tests", set_as_current=False)
        celery.conf.update(configuration(settings))
        return Services(settings, redis_timeout=1.5, queue=Queue(celery))

    return make


@pytest.fixture
def services(serve: Serve) -> Services:
    return serve()


@pytest.fixture
def state(services: Services) -> State:
    return services.state


@pytest.fixture
def stranger(services: Services) -> FlaskClient:
    """A browser that nobody has logged in with."""
    return browser(services)


@pytest.fixture
def client(stranger: FlaskClient) -> FlaskClient:
    """A browser that somebody has logged in with."""
    log_in(stranger)
    return stranger


def browser(services: Services) -> FlaskClient:
    return add_pages(create_app(services), services).test_client()


def form_token(client: FlaskClient, path: str = "/login") -> str:
    found = re.search(r'name="form" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


def log_in(client: FlaskClient, token: str = TOKEN, **further: str) -> int:
    """Type the token; the answer's status."""
    fields = {"token": token, "form": form_token(client), **further}
    return client.post("/login", data=fields).status_code


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def words_of(text: str) -> str:
    """What a person reads of a page, in one line."""
    text = re.sub(r"<title>.*?</title>|<head>.*?</head>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()
