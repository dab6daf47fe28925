"""Stacks that run for all the changes of this folder, since each change touches something of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.deploy.house import House
from tests.integration.effects.street import Street
from tests.redis_server import RedisServer
from tests.releases import release


@pytest.fixture(scope="module")
def street(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    redis_program: str,
    engine: None,  # noqa: ARG001
) -> Iterator[Street]:
    """Every stack of the table, deployed once by the named release of Compose; no other test empties its Redis."""
    with pytest.MonkeyPatch.context() as patch:
        release(request.param).choose(patch)
        redis = RedisServer(redis_program)
        house = House(tmp_path_factory.mktemp("effects"), redis.url)
        try:
            yield Street(house)
        finally:
            house.close()
            redis.stop()
