"""A worker's signs of life, as Celery's own heartbeat causes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from celery import signals
from redis import Redis

from tests.redis_server import RedisServer
from workers import heartbeat
from workers.celery import app
from workers.state.connection import connect
from workers.state.liveness import Liveness


@pytest.fixture
def liveness(redis: Redis) -> Liveness:
    return Liveness(redis)


def test_a_worker_that_beats_is_not_missing(
    liveness: Liveness, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    beating = heartbeat.Heartbeat(Liveness(connect(redis_server.url)))
    monkeypatch.setattr(heartbeat, "_of_this_process", lambda: beating)
    signals.heartbeat_sent.send(sender=None)
    queues = list(app.amqp.queues.consume_from)
    assert len(queues) == 2
    assert liveness.missing(queues) == ()


def test_it_is_not_said_twice_in_a_row(redis: Redis, liveness: Liveness) -> None:
    beating = heartbeat.Heartbeat(liveness)
    beating.beat(["a"])
    redis.flushall()
    beating.beat(["a"])
    assert liveness.missing(["a"]) == ("a",)


def test_a_redis_that_is_away_does_not_disturb_the_worker(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    beating = heartbeat.Heartbeat(Liveness(connect(server.url, timeout=1.0, retries=0)))
    server.kill()
    beating.beat(["a"])
