"""What stacks will need is foretold of those that wait for their turn; whoever is at one says himself what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.git_server import Source
from tests.published import Published
from tests.redis_server import RedisServer
from workers.catalog.stacks import Planned
from workers.model.words import Reason, Trigger
from workers.reconcile.forecast import forecast
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis

A, B = "default/a", "default/b"


@pytest.fixture
def services(tmp_path: Path, redis: Redis, redis_server: RedisServer) -> Iterator[Services]:
    assert redis.ping()
    source = Source(tmp_path / "source")
    source.commit({f"services/{name}/compose.yaml": "services: {web: {image: busybox}}\n" for name in "ab"})
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(f"repos: {{homelab: {{url: {source.path}, discover: ['services/*']}}}}\n")
    settings = Settings(data_dir=tmp_path / "data", catalog=catalog, redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


def test_a_stack_that_somebody_is_at_is_left_out(services: Services) -> None:
    run, _ = request_pull(services, "homelab", Trigger.WEBHOOK)
    pull(services, "homelab", run, "local")
    shown = services.state.runs.get(run)
    assert shown is not None
    assert {stack: part.reason for stack, part in shown.stacks.items()} == dict.fromkeys((A, B), Reason.FIRST_DEPLOY)
    planned = [Planned(services.stacks.find(stack), shown.stacks[stack].commit or "") for stack in (A, B)]
    assert [each.stack for each in forecast(services, planned)] == [A, B]
    services.state.runs.take(A, "a task")
    assert [each.stack for each in forecast(services, planned)] == [B]
