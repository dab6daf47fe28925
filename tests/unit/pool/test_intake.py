"""A worker waits long for what it may take, and looks again soon for what it may not take now."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from kombu.transport.redis import Transport
from redis import Redis

from tests.redis_server import RedisServer
from workers.pool import intake
from workers.pool.channel import wait_patiently

pytestmark = pytest.mark.redis

kombu: Any = import_module("kombu")  # which has few types


@pytest.fixture
def connection(redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    assert redis.ping()
    monkeypatch.setattr(Transport, "Channel", Transport.Channel)
    monkeypatch.setattr(intake, "_room", {})
    wait_patiently()
    url = redis_server.url.replace("unix://", "redis+socket://")
    with kombu.Connection(url, transport_options={"queue_order_strategy": "workers.pool.intake:Intake"}) as made:
        yield made


def test_a_consumer_waits_as_long_as_it_can_be_sent_anything(connection: Any) -> None:
    free = 9
    intake.ask_only_for("quick", lambda: free)
    intake.ask_only_for("deploy", lambda: 9)
    taken: list[str] = []

    def take(body: str, message: Any) -> None:
        taken.append(body)
        message.ack()

    def drain() -> None:
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.2)

    channel = connection.channel()
    with kombu.Consumer(channel, [kombu.Queue("quick"), kombu.Queue("deploy")], callbacks=[take]):
        drain()
        assert channel.brpop_timeout == 10
        free = 0
        connection.SimpleQueue("deploy").put("one")  # what is sent ends the wait at once
        drain()
        connection.SimpleQueue("quick").put("two")
        drain()
        assert channel.brpop_timeout < 1
        assert taken == ["one"]
        free = 9
        deadline = time.monotonic() + 10
        while taken != ["one", "two"] and time.monotonic() < deadline:
            drain()
    assert taken == ["one", "two"]
