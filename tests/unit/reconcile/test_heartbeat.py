"""A worker's signs of life, as the timer of its loop causes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from celery import signals
from celery.utils.timer2 import Timer
from redis import Redis

from tests.redis_server import RedisServer
from workers.adapters.state.connection import connect
from workers.adapters.state.liveness import Liveness
from workers.celery import app
from workers.reconcile import heartbeat


@pytest.fixture
def liveness(redis: Redis) -> Liveness:
    return Liveness(redis)


@pytest.fixture
def timer() -> Iterator[Timer]:
    made = Timer()
    yield made
    made.stop()


class _Consumer:
    """As Celery's, but of no queue of Tegu's."""

    app = SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from={})))

    def __init__(self, timer: Timer) -> None:
        self.timer = timer


def test_a_worker_that_is_ready_is_not_missing(
    liveness: Liveness, redis_server: RedisServer, timer: Timer, monkeypatch: pytest.MonkeyPatch
) -> None:
    beating = heartbeat.Heartbeat(Liveness(connect(redis_server.url)))
    monkeypatch.setattr(heartbeat, "_of_this_process", lambda: beating)
    signals.worker_ready.send(sender=_Consumer(timer))
    queues = list(app.amqp.queues.consume_from)
    assert len(queues) == 2
    assert liveness.missing(queues) == ()


def test_it_goes_on_beating_once_for_each_turn_however_often_it_was_ready(
    redis: Redis, liveness: Liveness, timer: Timer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "_EVERY_SECONDS", 0.2)
    beating = heartbeat.Heartbeat(liveness)
    beating.start(timer, ["a"])
    beating.start(timer, ["a"])
    redis.flushall()
    deadline = time.monotonic() + 5
    while liveness.missing(["a"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert sum(not entry.entry.canceled for entry in timer.schedule.queue) <= 1


def test_a_redis_that_is_away_does_not_disturb_the_worker(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    beating = heartbeat.Heartbeat(Liveness(connect(server.url, timeout=1.0, retries=0)))
    server.kill()
    beating.beat(["a"])
