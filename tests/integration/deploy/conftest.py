"""Deployments on a real engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.integration.deploy.house import DOCKER_HOST, House
from tests.redis_server import RedisServer
from tests.second_engine import SecondEngine
from workers.compose import Compose
from workers.containers import Engine
from workers.errors import TeguError

_NEWEST = 5


@pytest.fixture(scope="session")
def real_engine() -> None:
    """An engine and Compose; without them the test is skipped on a laptop and fails on CI."""
    try:
        Engine(DOCKER_HOST).version()
        Compose().version()
    except TeguError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def compose5(monkeypatch: pytest.MonkeyPatch, real_engine: None) -> None:  # noqa: ARG001
    """Compose 5 or newer is the one that is called; without it the test is skipped."""
    for program in os.environ.get("TEGU_TEST_COMPOSE", "").split(":"):
        if program and int(Compose((program,)).version().partition(".")[0]) >= _NEWEST:
            monkeypatch.setenv("DOCKER_CONFIG", str(Path(program).parents[1]))
            return
    pytest.skip("there is no Docker Compose 5 here; TEGU_TEST_COMPOSE names one")


@pytest.fixture
def house(tmp_path: Path, redis: Redis, redis_server: RedisServer, real_engine: None) -> Iterator[House]:  # noqa: ARG001
    """An empty house."""
    made = House(tmp_path, redis_server.url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def started_engine(real_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecondEngine]:  # noqa: ARG001
    """A second engine, which only root can start."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("a second engine needs root and dockerd")
    made = SecondEngine(tmp_path_factory.mktemp("second"))
    made.start()
    try:
        made.load("busybox:stable")
        yield made
    finally:
        made.stop()


@pytest.fixture
def second(started_engine: SecondEngine) -> Iterator[SecondEngine]:
    """It, with nothing on it."""
    started_engine.start()
    yield started_engine
    started_engine.start()
    started_engine.clear()
