"""The web process says in which container it runs, so that no deployment ends it."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable

import pytest

from app import server
from workers.adapters.state.liveness import Liveness
from workers.services import Services


@pytest.fixture
def serves(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """A process begins to serve in a container."""

    def begin(container: str | None) -> None:
        # It is said once, and not again while other tests use the same Redis.
        monkeypatch.setattr(server, "_PRESENCE_SECONDS", 86_400)
        begun = Services(services.settings, own_container=container)
        monkeypatch.setattr(server, "build_services", lambda **_: begun)
        server.post_worker_init(None)

    return begin


def test_in_a_container_it_says_in_which_one(services: Services, serves: Callable[[str | None], None]) -> None:
    serves("the container")
    deadline = time.monotonic() + 5
    while not services.other_containers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert services.other_containers() == {"the container"}


def test_outside_of_one_it_says_nothing(services: Services, serves: Callable[[str | None], None]) -> None:
    before = threading.active_count()
    serves(None)
    assert threading.active_count() == before
    assert Liveness(services.state.redis).inhabited() == frozenset()


def test_what_answers_is_loaded_before_the_fork_and_stays_common() -> None:
    frozen = gc.get_freeze_count()
    server.when_ready(None)
    try:
        assert "app.http.factory" in sys.modules
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()


def test_while_redis_is_away_no_other_container_is_known(services: Services) -> None:
    settings = services.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    assert Services(settings).other_containers() == frozenset()
