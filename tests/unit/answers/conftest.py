"""A worker's collaborators with a repository, a Redis and no engine: what pages ask is read from the clone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from tests.git_server import Source
from tests.records import record_at
from tests.redis_server import RedisServer
from workers.adapters.queue import Queue
from workers.answers import tasks
from workers.celery import configuration
from workers.model.stack import Stack
from workers.runtime.settings import Settings
from workers.services import Services

CATALOG = """
repos: {r: {url: %s}}
environments: {default: {docker_host: "unix:///nowhere"}, attic: {worker: nas, docker_host: "unix:///nowhere"}}
defaults: {project: "{stack}-{environment}"}
stacks: {a: {repo: r, path: a, variables: {DOMAIN: example.com}}}
"""
COMPOSE = "services: {web: {image: 'web:%s', volumes: ['./conf:/conf:ro']}, db: {image: 'db:1'}}\n"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    made = Source(tmp_path / "source")
    made.commit({"a/compose.yaml": COMPOSE % 1, "a/conf/one": "1\n"})
    return made


@pytest.fixture
def services(
    tmp_path: Path, source: Source, redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % (source.path / ".git"))
    settings = Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url)
    celery = Celery("tests", set_as_current=False)
    celery.conf.update(configuration(settings))
    made = Services(settings, redis_timeout=1.5, queue=Queue(celery))
    made.clone("r").fetch(["main"])
    monkeypatch.setattr(tasks, "current_services", lambda: made)
    yield made
    made.close()


@pytest.fixture
def stack(services: Services) -> Stack:
    """The stack `default/a`, deployed as the newest commit has it, on an engine that does not answer."""
    stack = services.stacks.find("default/a")
    services.state.records.put(stack.id, record_at(services, stack, services.clone("r").resolve("main")), 1)
    return stack
