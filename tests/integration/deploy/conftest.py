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
from tests.releases import PINNED, release
from tests.second_engine import SecondEngine
from workers.adapters.docker.compose import Compose
from workers.adapters.docker.engine import Engine
from workers.model.errors import TeguError


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
def newest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned release of Compose is the one that is called."""
    release(PINNED).choose(monkeypatch)


@pytest.fixture
def house(tmp_path: Path, redis: Redis, redis_server: RedisServer, real_engine: None) -> Iterator[House]:  # noqa: ARG001
    """An empty house."""
    made = House(tmp_path, redis_server.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, redis_program: str, real_engine: None) -> Iterator[House]:  # noqa: ARG001
    """A house that a module's tests share, at first an empty one; no other test empties its Redis."""
    redis = RedisServer(redis_program)
    made = House(tmp_path_factory.mktemp("lasting"), redis.url)
    try:
        yield made
    finally:
        made.close()
        redis.stop()


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
