"""The real application on a real Redis; only Git, Docker and workers are not there, since it never needs them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from flask.testing import FlaskClient

from app.http.factory import create_app
from tests.described import Described
from tests.redis_server import RedisServer
from workers.adapters.queue import Queue
from workers.celery import configuration
from workers.runtime.settings import Settings
from workers.services import Services

CATALOG = """
repos:
  homelab:
    url: https://git.example.com/me/homelab.git
    ref: main
    webhook_secret: [correct horse battery stäple, the next one]
  quiet: {url: https://git.example.com/me/quiet.git, ref: main}
environments:
  production: {worker: local}
  staging: {worker: nas, ref: develop}
stacks:
  authelia: {repo: homelab, path: services/authelia, project: "{stack}-{environment}"}
  website: {repo: homelab, path: services/website, environments: [production]}
"""

Serve = Callable[..., Services]


@pytest.fixture
def serve(redis_server: RedisServer, redis: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Makes services; options are settings, `redis_url` another Redis. Loopback needs no token, unless they say so."""
    del redis  # emptied
    monkeypatch.setattr("workers.runtime.masking._masked", [])
    (tmp_path / "tegu.yaml").write_text(CATALOG, encoding="utf-8")

    def make(**options: Any) -> Services:
        known = {"catalog": tmp_path / "tegu.yaml", "data_dir": tmp_path, "redis_url": redis_server.url}
        given = known | {"api_open": "loopback"} | options
        settings = Settings(**given)
        celery = Celery("tests", set_as_current=False)
        celery.conf.update(configuration(settings))
        return Services(settings, redis_timeout=1.5, queue=Queue(celery))

    yield make
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()  # what this test counted must not reach the next one's Redis


@pytest.fixture
def services(serve: Serve) -> Services:
    return serve()


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """A client on this machine; all that it is answered is compared with what is described."""
    app = create_app(services)
    Described(app).watch()
    return app.test_client()
