"""Publishing: fast in numbers, bounded in time, readable in Flower."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from celery import Celery
from redis import Redis

from tests.redis_server import RedisServer
from workers.adapters.queue import Message, Queue, deploy_message, quick_message
from workers.celery import configuration
from workers.model.errors import RedisUnavailable
from workers.runtime.settings import Settings

pytestmark = pytest.mark.redis


def _queue(server: RedisServer, folder: Path) -> Queue:
    app = Celery("test", set_as_current=False)
    app.conf.update(configuration(Settings(data_dir=folder, redis_url=server.url)), include=[])
    return Queue(app)


@pytest.fixture
def queue(redis_server: RedisServer, redis: Redis, tmp_path: Path) -> Iterator[Queue]:
    made = _queue(redis_server, tmp_path)
    assert redis.ping()
    yield made
    made.close()


def _message(redis: Redis, name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(cast("str", redis.lindex(name, 0))))


def test_a_message_names_the_task_with_short_readable_arguments(queue: Queue, redis: Redis) -> None:
    queue.publish([quick_message("production/authelia", "01abc", "local")])
    message = _message(redis, "tegu.local.pull")
    headers = message["headers"]
    assert headers["task"] == "tegu.deploy_if_changed"
    assert (headers["argsrepr"], headers["kwargsrepr"]) == ("production/authelia, run 01abc", "")
    args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    assert (args, kwargs) == (["production/authelia", "01abc"], {})


def test_a_copy_differs_from_celerys_own_message_in_nothing_but_its_ids(queue: Queue, redis: Redis) -> None:
    place, ids = "tegu.local.deploy", []
    for is_told in (True, False):
        args = ("production/<tegu-id>", None, "<tegu-shown>", True)
        queue.publish(
            [Message(place, "tegu.deploy_if_changed", args, {"trigger": "api"}, is_told, told=repr(args))] * 2
        )
        for message in (json.loads(item) for item in cast("list[str]", redis.lrange(place, 0, 1))):
            ids += [message["headers"].pop("id"), message["properties"].pop("delivery_tag")]
            assert message["headers"].pop("root_id") == message["properties"].pop("correlation_id") == ids[-2]
            redis.rpush(f"seen {is_told}", json.dumps(message))
    assert len({*ids}) == 8
    assert len({*redis.lrange("seen True", 0, -1), *redis.lrange("seen False", 0, -1)}) == 1


def test_force_is_an_argument_only_where_it_is_asked_for(queue: Queue, redis: Redis) -> None:
    queue.publish_deploy("production/authelia", None, "nas", force=True)
    assert _message(redis, "tegu.nas.deploy")["headers"]["argsrepr"] == "production/authelia, forced"


def test_messages_keep_their_order(queue: Queue, redis: Redis) -> None:
    queue.publish(quick_message(f"default/s{number}", "01", "local") for number in range(50))
    bodies = [
        json.loads(item)["headers"]["argsrepr"] for item in cast("list[str]", redis.lrange("tegu.local.pull", 0, -1))
    ]
    assert bodies[::-1] == [f"default/s{number}, run 01" for number in range(50)]


def test_nothing_to_publish_needs_no_redis(tmp_path: Path) -> None:
    app = Celery("test", set_as_current=False)
    app.conf.update(configuration(Settings(data_dir=tmp_path)), include=[])
    Queue(app).publish([])


def test_what_waits_in_a_queue_can_be_told(queue: Queue, redis: Redis) -> None:
    queue.publish_pull("homelab", "01", "local")
    queue.publish(
        [quick_message("default/a", "01", "local"), Message("tegu.local.pull", "tegu.deploy_if_changed", ("b",))]
    )
    for poison in ("", "{}", "[]", '{"body": "!", "headers": {}}', '{"body": 3, "headers": {"task": "x"}}'):
        redis.lpush("tegu.local.pull", poison)
    assert queue.calls_in("tegu.local.pull") == {
        ("tegu.pull", "homelab", "01"),
        ("tegu.deploy_if_changed", "default/a", "01"),
        ("tegu.deploy_if_changed", "b", None),
    }


class TestTroubles:
    def test_a_frozen_redis_is_given_up_after_two_seconds(
        self, own_redis_server: Callable[..., RedisServer], tmp_path: Path
    ) -> None:
        server = own_redis_server()
        queue = _queue(server, tmp_path)
        queue.publish_pull("homelab", "01", "local")
        server.freeze()
        for _ in range(2):  # over a connection that was there, and over a new one
            started = time.monotonic()
            with pytest.raises(RedisUnavailable, match="Redis did not take a message"):
                queue.publish_pull("homelab", "02", "local")
            assert time.monotonic() - started < 10  # far below the minutes that it would wait otherwise
        server.thaw()
        queue.publish_pull("homelab", "03", "local")
        queue.close()

    def test_a_restart_of_redis_goes_unnoticed(
        self, own_redis_server: Callable[..., RedisServer], tmp_path: Path
    ) -> None:
        server = own_redis_server()
        queue = _queue(server, tmp_path)
        queue.publish_pull("homelab", "01", "local")
        server.kill()
        with pytest.raises(RedisUnavailable):
            queue.publish_pull("homelab", "02", "local")
        server.start()
        queue.publish_pull("homelab", "03", "local")
        server.kill()
        server.start()
        queue.publish_pull("homelab", "04", "local")
        assert queue.calls_in("tegu.local.pull") == {("tegu.pull", "homelab", "04")}
        queue.close()

    def test_a_full_redis_says_so(self, own_redis_server: Callable[..., RedisServer], tmp_path: Path) -> None:
        server = own_redis_server("--maxmemory", "1")
        queue = _queue(server, tmp_path)
        with pytest.raises(RedisUnavailable):
            queue.publish([deploy_message("default/a", "01", "local")])
        queue.close()
