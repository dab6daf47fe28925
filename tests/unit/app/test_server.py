"""The web process says in which container it runs, so that no deployment ends it."""

from __future__ import annotations

import threading
import time

import pytest

from app import server
from workers.adapters.state.liveness import Liveness
from workers.services import Services


@pytest.fixture(autouse=True)
def _once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, and not again while other tests use the same Redis."""
    monkeypatch.setattr(server, "_PRESENCE_SECONDS", 86_400)
    monkeypatch.setattr(server, "build_services", lambda **_: services)


def test_in_a_container_it_says_in_which_one(services: Services) -> None:
    services.__dict__["own_container"] = "the container"
    server.post_worker_init(None)
    deadline = time.monotonic() + 5
    while not services.other_containers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert services.other_containers() == {"the container"}


def test_outside_of_one_it_says_nothing(services: Services) -> None:
    services.__dict__["own_container"] = None
    before = threading.active_count()
    server.post_worker_init(None)
    assert threading.active_count() == before
    assert Liveness(services.state.redis).inhabited() == frozenset()


def test_while_redis_is_away_no_other_container_is_known(services: Services) -> None:
    services.settings = services.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    services.__dict__.pop("state", None)
    assert services.other_containers() == frozenset()
