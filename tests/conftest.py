"""What every tier shares: a real Redis, empty for each test, and a Docker Engine that has to be there."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis

from tests.receivers import Receiver, Silent
from tests.redis_server import RedisServer
from tests.releases import THOROUGH
from workers.adapters.state.connection import connect
from workers.adapters.state.state import State

# How long an example takes says something of the machine alone. On CI every run tries the same examples, so that a
# change is judged by what it changes.
settings.register_profile(
    "tegu",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tegu")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what others stand for, and begin with what waits longest.

    `make test` has ten minutes, `make test-releases` as long as it takes. The files right in tests/integration let
    workers wait and be killed: a file is one process's, and none is to begin with one when the others are done.
    """
    if not THOROUGH:
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: item.path.parent.name != "integration")


def pytest_configure() -> None:
    """What is loaded and collected is no garbage; looking for some takes a tenth of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what was collected: thousands of tests that stay to the end."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def redis_program() -> str:
    program = shutil.which("redis-server")
    if program is None:
        reason = "there is no redis-server program here (scripts/ can install one)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@pytest.fixture(scope="session")
def redis_server(redis_program: str) -> Iterator[RedisServer]:
    """One server for all tests of this process; its `url` is what `connect` takes."""
    server = RedisServer(redis_program)
    yield server
    server.stop()


@pytest.fixture
def own_redis_server(redis_program: str) -> Iterator[Callable[..., RedisServer]]:
    """Makes servers that one test may freeze, fill or kill."""
    servers: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        servers.append(RedisServer(redis_program, *options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    """A client to an empty Redis."""
    with connect(redis_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def state(redis: Redis, tmp_path: Path) -> State:
    """All of Tegu's state, empty."""
    return State(redis, tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told things over HTTP."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Somebody who never answers."""
    made = Silent()
    yield made
    made.close()


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker Engine and Compose; without them the test is skipped on a laptop and fails on CI."""
    try:
        for command in (["docker", "info"], ["docker", "compose", "version"]):
            subprocess.run(command, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        if os.environ.get("CI"):
            pytest.fail(f"no Docker Engine with Compose: {error}")
        pytest.skip(f"no Docker Engine with Compose: {error}")
