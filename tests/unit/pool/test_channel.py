"""What a worker takes and acknowledges many at once is in Redis as Kombu would have it, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from kombu.asynchronous import Hub, set_event_loop
from kombu.transport.redis import Channel, Transport
from redis import Redis

from tests.redis_server import RedisServer
from workers.pool import intake
from workers.pool.channel import wait_patiently

pytestmark = pytest.mark.redis

kombu: Any = import_module("kombu")  # which has few types


class Consumer:
    """Takes from one queue and keeps what has come."""

    def __init__(self, connection: Any) -> None:
        self.messages: list[Any] = []
        self.channel = connection.channel()
        self._connection = connection
        self._consumer = kombu.Consumer(self.channel, [kombu.Queue("quick")], callbacks=[self._take])
        self._consumer.consume()

    @property
    def bodies(self) -> list[str]:
        return [message.payload for message in self.messages]

    def drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            self._connection.drain_events(timeout=0.5)

    def _take(self, _: str, message: Any) -> None:
        self.messages.append(message)


@pytest.fixture
def connection(redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    assert redis.ping()
    monkeypatch.setattr(Transport, "Channel", Channel)
    monkeypatch.setattr(intake, "_room", {})
    wait_patiently()
    url = redis_server.url.replace("unix://", "redis+socket://")
    with kombu.Connection(url, transport_options={"queue_order_strategy": "workers.pool.intake:Intake"}) as made:
        yield made


@pytest.fixture
def loop() -> Iterator[Hub]:
    hub = Hub()  # type: ignore[no-untyped-call]
    set_event_loop(hub)
    yield hub
    hub.close()  # type: ignore[no-untyped-call]
    set_event_loop(None)


def _send(connection: Any, count: int) -> None:
    with contextlib.closing(connection.SimpleQueue("quick")) as queue:
        for number in range(count):
            queue.put(f"message {number}")


def _commands(redis: Redis) -> int:
    return int(redis.info("stats")["total_commands_processed"])


def test_what_is_in_a_queue_comes_in_order_as_far_as_there_is_room(connection: Any) -> None:
    intake.ask_only_for("quick", lambda: 5)
    _send(connection, 10)
    consumer = Consumer(connection)
    consumer.drain()
    assert consumer.bodies == [f"message {number}" for number in range(6)]  # the one that was waited for, and five


def test_what_was_taken_is_written_down_as_kombu_does_it(connection: Any, redis: Redis) -> None:
    intake.ask_only_for("quick", lambda: 5)
    _send(connection, 3)
    consumer = Consumer(connection)
    consumer.drain()
    tags = [message.delivery_tag for message in consumer.messages]
    assert set(redis.zrange("unacked_index", 0, -1)) == set(tags)
    first, *more = (json.loads(redis.hget("unacked", tag)) for tag in tags)  # type: ignore[arg-type]
    for number, each in enumerate(more, 1):  # the first one was written by Kombu itself
        assert (each[1:], each[0].keys()) == (first[1:], first[0].keys())
        assert each[0] == consumer.messages[number]._raw


def test_what_was_taken_and_has_not_ended_goes_back_when_the_worker_ends(connection: Any, redis: Redis) -> None:
    intake.ask_only_for("quick", lambda: 5)
    _send(connection, 4)
    consumer = Consumer(connection)
    consumer.drain()
    consumer.messages[1].ack()
    consumer.channel.close()
    assert redis.hlen("unacked") == redis.zcard("unacked_index") == 0
    again = Consumer(connection)
    again.drain()
    assert sorted(again.bodies) == ["message 0", "message 2", "message 3"]


def test_what_ends_together_is_acknowledged_together(connection: Any, redis: Redis, loop: Hub) -> None:
    intake.ask_only_for("quick", lambda: 20)
    _send(connection, 20)
    consumer = Consumer(connection)
    consumer.drain()
    before = _commands(redis)
    for message in consumer.messages:
        message.ack()
    assert redis.hlen("unacked") == 20
    while redis.hlen("unacked"):
        loop.run_once()  # type: ignore[no-untyped-call]
    assert redis.zcard("unacked_index") == 0
    assert _commands(redis) - before < 20
    assert not consumer.channel.qos._delivered.keys() - consumer.channel.qos._dirty


@pytest.mark.usefixtures("loop")
def test_a_worker_that_ends_acknowledges_what_has_just_ended(connection: Any, redis: Redis) -> None:
    _send(connection, 1)
    consumer = Consumer(connection)
    consumer.drain()
    consumer.messages[0].ack()
    consumer.channel.close()
    assert (redis.hlen("unacked"), redis.llen("quick")) == (0, 0)


def test_what_cannot_be_read_stays_for_kombu_to_complain_of(connection: Any, redis: Redis) -> None:
    intake.ask_only_for("quick", lambda: 5)
    _send(connection, 2)
    redis.lpush("quick", "{}")
    consumer = Consumer(connection)
    consumer.drain()
    assert consumer.bodies == ["message 0", "message 1"]
    assert redis.lrange("quick", 0, -1) == ["{}"]


def test_a_worker_that_ends_does_not_wait_for_a_message(connection: Any, redis: Redis) -> None:
    consumer = Consumer(connection)
    consumer.drain()
    assert consumer.channel._in_poll
    consumer.channel.close()
    assert redis.info("commandstats")["cmdstat_client|unblock"]["calls"] == 1
    assert not consumer.channel._in_poll


def test_a_message_that_comes_while_a_worker_ends_goes_back(connection: Any, redis: Redis) -> None:
    consumer = Consumer(connection)
    consumer.drain()
    _send(connection, 1)  # Redis has given it to whoever waits, and nobody has read it yet
    assert redis.llen("quick") == 0
    consumer.channel.close()
    assert redis.llen("quick") == 1
    assert redis.hlen("unacked") == 0


def test_where_redis_lets_nobody_end_a_wait_it_is_waited_for(connection: Any, redis: Redis) -> None:
    consumer = Consumer(connection)
    consumer.drain()
    redis.execute_command("ACL", "SETUSER", "default", "-client|unblock")  # type: ignore[no-untyped-call]
    try:
        _send(connection, 1)  # what ends the wait
        consumer.channel.close()
    finally:
        redis.execute_command("ACL", "SETUSER", "default", "+@all")  # type: ignore[no-untyped-call]
    assert redis.llen("quick") == 1
