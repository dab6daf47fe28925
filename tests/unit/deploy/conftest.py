"""A process's collaborators, with a repository and a Redis, but no engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.git_server import Source
from tests.redis_server import RedisServer
from workers.model.stack import Stack
from workers.runtime.settings import Settings
from workers.services import Services

_CATALOG = """
repos: {r: {url: %s}}
environments: {default: {docker_host: "unix:///nowhere"}}
stacks: {a: {repo: r, path: a}}
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """The repository `r`, with the stack `a`."""
    made = Source(tmp_path / "source")
    made.commit({"a/compose.yaml": "services: {web: {image: web:1}}\n"})
    return made


@pytest.fixture
def services(tmp_path: Path, source: Source, redis_server: RedisServer, redis: Redis) -> Iterator[Services]:
    """Whose clone of `r` is fetched."""
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(_CATALOG % (source.path / ".git"))
    made = Services(Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url))
    made.clone("r").fetch(["main"])
    yield made
    made.close()


@pytest.fixture
def stack(services: Services) -> Stack:
    """The stack `default/a`, on an engine that does not answer."""
    return services.stacks.find("a")
