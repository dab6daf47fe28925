"""Stacks that run for all the changes of this folder, since each change touches something of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.deploy.house import House
from tests.integration.effects.street import Street
from tests.redis_server import RedisServer


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory, redis_program: str, engine: None) -> Iterator[Street]:  # noqa: ARG001
    """Every stack of the table, deployed once; with a Redis that no other test empties."""
    redis = RedisServer(redis_program)
    house = House(tmp_path_factory.mktemp("effects"), redis.url)
    try:
        yield Street(house)
    finally:
        house.close()
        redis.stop()
