"""Which containers are Tegu's own."""

from __future__ import annotations

import pytest

from tests.unit.deploy.transaction.grounds import a_container, details
from workers.adapters.docker.container import Port
from workers.deploy.containers.ownership import Own, own_parts

WEB = details(a_container("web"), addresses=("10.0.0.2",), ports=(Port("0.0.0.0", 6379, "tcp"),))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (Own(), False),
        (Own("id-web"), True),
        (Own("id-db", others=frozenset({"id-web"})), True),
        (Own(addresses=frozenset({"10.0.0.2"})), True),
        (Own(published=6379), True),
        (Own("id-db", frozenset({"10.0.0.3"}), 6380), False),
    ],
)
def test_its_own_are_told_by_their_ids_and_by_where_its_redis_answers(own: Own, expected: bool) -> None:
    assert own.has(WEB) is expected


@pytest.mark.parametrize(
    ("redis", "host", "expected"),
    [
        ("redis://127.0.0.1:7000/0", "unix:///d", Own("me", published=7000)),
        ("redis://10.0.0.2/0", "unix:///d", Own("me", frozenset({"10.0.0.2"}))),
        ("redis://127.0.0.1:7000/0", "tcp://far:2375", Own("me")),
        ("unix:///run/redis.sock", "unix:///d", Own("me")),
    ],
)
def test_where_redis_answers_says_something_of_this_host_alone(redis: str, host: str, expected: Own) -> None:
    assert own_parts("me", redis, host) == expected
