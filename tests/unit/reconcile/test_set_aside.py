"""What takes the worker down with it is tried three times, then set aside; whoever was beside it is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from tests.redis_server import RedisServer
from workers.adapters.state import keys
from workers.model.errors import SetAside
from workers.reconcile.set_aside import attempt, subject_of_pull
from workers.runtime.settings import Settings
from workers.services import Services

A, B = "default/a", "default/b"


@pytest.fixture
def services(redis_server: RedisServer, redis: Redis, tmp_path: Path) -> Iterator[Services]:
    assert redis.ping()
    made = Services(Settings(data_dir=tmp_path, redis_url=redis_server.url))
    yield made
    made.close()


def _killed(services: Services, subject: str, at: str = "") -> None:
    """An attempt of a process that is no more."""
    services.state.attempts.begin(subject, at)


def test_three_attempts_that_never_end_are_enough_for_an_hour(services: Services, redis: Redis) -> None:
    for _ in range(3):
        with attempt(services, A):
            pass  # what ends, ends the count
        _killed(services, A)
        _killed(services, A)
        with attempt(services, A):
            pass
    for _ in range(3):
        _killed(services, A)
    with pytest.raises(SetAside, match="default/a took the worker down 3 times in a row") as told, attempt(services, A):
        pytest.fail("it was tried")
    assert "`tegu deploy default/a`" in str(told.value)
    assert 0 < redis.ttl(keys.attempts(A)) <= keys.ATTEMPTS_SECONDS


def test_each_newer_commit_is_tried_once(services: Services) -> None:
    for _ in range(3):
        _killed(services, A, "c1")
    with pytest.raises(SetAside, match="until the next commit"), attempt(services, A, "c1"):
        pytest.fail("it was tried")
    _killed(services, A, "c2")  # was tried, and took the worker down as well
    with pytest.raises(SetAside, match="4 times"), attempt(services, A, "c2"):
        pytest.fail("it was tried")
    with attempt(services, A, "c3"):
        pass  # mends it
    with attempt(services, A, "c3"):
        assert services.state.attempts.unended(A).times == 1


def test_a_pull_is_asked_for_as_people_ask_for_it() -> None:
    assert "`tegu pull homelab`" in str(SetAside(subject_of_pull("homelab", "nas"), 3))


def test_an_attempt_that_fails_has_ended(services: Services) -> None:
    with pytest.raises(ValueError, match="no"), attempt(services, A):
        raise ValueError("no")  # noqa: EM101
    assert services.state.attempts.unended(A).times == 0


def test_of_those_that_were_under_way_when_a_worker_died_one_is_tried_at_a_time(services: Services) -> None:
    for subject in (A, B):
        _killed(services, subject)
    tried, both = threading.Event(), threading.Event()

    def second() -> None:
        assert tried.wait(10)
        with attempt(services, B):
            both.set()

    thread = threading.Thread(target=second)
    with ExitStack() as held:
        held.enter_context(attempt(services, A))
        thread.start()
        tried.set()
        assert not both.wait(0.3)
        assert services.state.attempts.unended(B).times == 1  # so it is not counted once more if this worker dies now
        with attempt(services, "default/c"):
            pass  # nobody else waits for them
    assert both.wait(10)
    thread.join()
