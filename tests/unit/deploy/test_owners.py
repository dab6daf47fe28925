"""Whose the projects on an engine are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.records import a_record
from workers.adapters.state.clock import now
from workers.adapters.state.marks import Removed
from workers.deploy.containers.strangers import Owner
from workers.deploy.owners import owner_of
from workers.services import Services

HOST = "unix:///nowhere"


@pytest.mark.parametrize(
    ("host", "project", "owner"),
    [
        (HOST, "a", Owner("default/a", gone=False)),
        (HOST, "left", Owner("default/left", gone=True)),
        (HOST, "stranger", None),
        (HOST, "", None),
        ("ssh://nas", "a", None),
    ],
)
def test_a_project_is_that_of_the_stack_that_was_deployed_as_it_on_that_engine(
    services: Services, host: str, project: str, owner: Owner | None
) -> None:
    records = services.state.records
    for name in ("a", "left"):
        records.put(f"default/{name}", replace(a_record(), project=name, docker_host=HOST), None)
    records.set_status("default/left", removed=Removed("gone", at=now()))
    assert owner_of(services.state, host, project) == owner


def test_nobody_knows_while_redis_is_away(services: Services) -> None:
    settings = services.settings.model_copy(update={"redis_url": "unix:///nowhere"})
    away = Services(settings, redis_timeout=0.1)
    try:
        assert owner_of(away.state, HOST, "a") is None
    finally:
        away.close()
