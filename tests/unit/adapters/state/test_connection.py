"""A Redis that is away, full, frozen or read-only is one kind of error, and found out quickly."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from tests.redis_server import RedisServer
from workers.adapters.state.connection import connect, translated
from workers.adapters.state.state import State
from workers.model.errors import RedisUnavailable
from workers.model.words import Action, Decision, Reason


def coalesce(state: State) -> str:
    return state.runs.coalesce("homelab", ["local"], "webhook")[0]


def test_a_redis_that_is_away_is_unavailable(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    with connect(server.url) as redis:
        state = State(redis, server.folder)
        coalesce(state)
        server.kill()
        with pytest.raises(RedisUnavailable, match="TEGU_REDIS_URL"):
            coalesce(state)
        server.start()
        assert coalesce(state)  # on a connection that had died


def test_a_frozen_redis_is_given_up_after_one_timeout(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    with connect(server.url, timeout=0.3) as redis:
        state = State(redis, server.folder)
        coalesce(state)
        server.freeze()
        started = time.monotonic()
        with pytest.raises(RedisUnavailable):
            coalesce(state)
        assert time.monotonic() - started < 5
        server.thaw()


def test_a_full_redis_is_unavailable_and_nothing_is_half_done(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server("--maxmemory-policy", "noeviction")
    with connect(server.url) as redis:
        state = State(redis, server.folder)
        run = coalesce(state)
        redis.config_set("maxmemory", "1")
        with pytest.raises(RedisUnavailable, match="maxmemory"):
            state.runs.plan(run, [("production/a", "c1")])
        with pytest.raises(RedisUnavailable):
            state.deployments.create(Decision("production/a", Action.UP, Reason.FORCED, "c1"), run)
        assert state.runs.start_pull(run, "homelab", "local")  # begins by freeing memory, so all of it is done
        redis.config_set("maxmemory", "0")
        assert state.runs.plan(run, [("production/a", "c1")]) == ["production/a"]


def test_a_replica_is_unavailable(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server("--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "yes")
    with connect(server.url) as redis, pytest.raises(RedisUnavailable):
        coalesce(State(redis, server.folder))


def test_an_error_of_ours_is_not_hidden(redis: Redis) -> None:
    redis.set("text", "x")
    with pytest.raises(ResponseError, match="WRONGTYPE"), translated():
        redis.hgetall("text")


def test_a_restarted_redis_learns_the_scripts_again(state: State) -> None:
    run = coalesce(state)
    state.redis.script_flush()
    assert coalesce(state) == run
    state.redis.script_flush()
    assert state.runs.plan(run, [("production/a", "c1")]) == ["production/a"]
