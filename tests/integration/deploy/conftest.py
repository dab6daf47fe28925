"""Deployments on a real engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.integration.deploy.house import DOCKER_HOST, House
from tests.redis_server import RedisServer
from workers.compose import Compose
from workers.containers import Engine
from workers.errors import TeguError


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
def house(tmp_path: Path, redis: Redis, redis_server: RedisServer, real_engine: None) -> Iterator[House]:  # noqa: ARG001
    """An empty house."""
    made = House(tmp_path, redis_server.url)
    yield made
    made.close()
