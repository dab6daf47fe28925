"""Leases: one holder, a growing number, and no wedge when replies, renewals or Redis itself get lost."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from tests.redis_server import RedisServer
from workers.adapters.state import keys
from workers.adapters.state.connection import connect
from workers.adapters.state.leases import Lease, stack_lease
from workers.adapters.state.state import State

NAME = stack_lease("production/a")


@pytest.fixture
def acquire(state: State) -> Iterator[Callable[..., Lease]]:
    held: list[Lease] = []

    def acquired(holder: str = "me", **options: object) -> Lease:
        lease = state.leases.acquire(NAME, holder, **options)  # type: ignore[arg-type]
        assert lease is not None
        held.append(lease)
        return lease

    yield acquired
    for lease in held:
        lease.release()


def eventually(true: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_one_of_many_gets_it(state: State) -> None:
    with ThreadPoolExecutor(8) as pool:
        leases = list(pool.map(lambda number: state.leases.acquire(NAME, f"holder {number}"), range(40)))
    held = [lease for lease in leases if lease]
    assert len(held) == 1
    held[0].release()


def test_the_number_grows_with_every_holder(state: State, acquire: Callable[..., Lease]) -> None:
    numbers = []
    for _ in range(3):
        with acquire() as lease:
            numbers.append(lease.fence)
    assert numbers == [1, 2, 3]
    assert state.leases.newest_fence(NAME) == 3


def test_the_number_starts_above_what_the_journal_knows(acquire: Callable[..., Lease]) -> None:
    assert acquire(floor=41).fence == 42


def test_asking_twice_with_one_token_is_asking_once(state: State, acquire: Callable[..., Lease]) -> None:
    first, second = acquire(token="t"), acquire(token="t")
    assert first.fence == second.fence
    assert state.leases.acquire(NAME, "other") is None


def test_holders_are_shown_with_who_and_since_when(state: State, acquire: Callable[..., Lease]) -> None:
    acquire("deployment 1")
    [shown] = state.leases.holders()
    assert shown.pop("since").endswith("Z")
    assert 0 < shown.pop("seconds_left") <= 30
    host = socket.gethostname()
    assert shown == {"name": NAME, "holder": "deployment 1", "pid": os.getpid(), "host": host, "fence": 1}


def test_a_released_lease_is_gone(state: State, acquire: Callable[..., Lease]) -> None:
    acquire().release()
    assert state.leases.holders() == []
    assert state.leases.force_release(NAME) is None


def test_releasing_late_does_not_take_it_from_the_next(
    state: State, redis: Redis, acquire: Callable[..., Lease]
) -> None:
    first = acquire()
    redis.delete(keys.lease(NAME))
    second = acquire()
    first.release()
    assert [holder["fence"] for holder in state.leases.holders()] == [second.fence]


def test_a_lease_is_renewed_while_it_is_held(state: State, acquire: Callable[..., Lease]) -> None:
    lease = acquire(ttl=1.2)
    time.sleep(2)
    assert not lease.lost
    assert state.leases.acquire(NAME, "other") is None


def test_a_lease_that_redis_lost_is_taken_again_with_its_number(
    state: State, redis: Redis, acquire: Callable[..., Lease]
) -> None:
    lease = acquire(ttl=0.3, floor=5)
    redis.flushall()
    assert eventually(lambda: bool(state.leases.holders()))
    assert (lease.lost, state.leases.newest_fence(NAME)) == (False, 6)


def test_a_lease_that_another_took_meanwhile_is_lost_without_an_error(
    redis: Redis, acquire: Callable[..., Lease]
) -> None:
    lease = acquire(ttl=0.3)
    redis.delete(keys.lease(NAME))
    acquire("other")
    assert eventually(lambda: lease.lost)


def test_a_forced_release_is_final(state: State, acquire: Callable[..., Lease]) -> None:
    lease = acquire("frozen", ttl=0.3)
    taken = state.leases.force_release(NAME)
    assert taken is not None
    assert (taken["holder"], taken["pid"]) == ("frozen", os.getpid())
    assert eventually(lambda: lease.lost)
    assert state.leases.holders() == []
    assert acquire("next").fence > lease.fence


def test_a_frozen_redis_costs_no_lease_that_nobody_wanted(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    with connect(server.url, timeout=0.2) as redis:
        leases = State(redis, server.folder).leases
        lease = leases.acquire(NAME, "me", ttl=0.3)
        assert lease is not None
        server.freeze()
        time.sleep(1)
        server.thaw()
        assert eventually(lambda: [holder["fence"] for holder in leases.holders()] == [lease.fence])
        assert not lease.lost
        lease.release()


def test_releasing_without_redis_is_no_error(own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    with connect(server.url, retries=0) as redis:
        lease = State(redis, server.folder).leases.acquire(NAME, "me")
        assert lease is not None
        server.kill()
        lease.release()
