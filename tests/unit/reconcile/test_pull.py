"""Two pulls of one repo: the later one waits, and is done as soon as the earlier one has ended."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis

from tests.published import Published
from tests.redis_server import RedisServer
from workers.model.errors import GitUnavailable
from workers.model.words import Reason, Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def services(tmp_path: Path, server: socket.socket, redis_server: RedisServer, redis: Redis) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    port = server.getsockname()[1]
    catalog.write_text(f"repos: {{homelab: {{url: 'git://127.0.0.1:{port}/r', discover: ['*']}}}}\n")
    made = Services(
        Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url), queue=Published()
    )
    yield made
    made.close()


def test_a_pull_that_waited_is_done_though_a_process_that_is_just_made_has_the_lock_of_the_one_before(
    services: Services, server: socket.socket
) -> None:
    run, _ = request_pull(services, "homelab", Trigger.RECONCILE)
    puller = threading.Thread(target=_pull_in_vain, args=(services, run))
    puller.start()
    connection, _ = server.accept()
    until_it_executes = os.dup(_descriptor_of("homelab.pull"))
    try:
        later, _ = request_pull(services, "homelab", Trigger.WEBHOOK)
        assert pull(services, "homelab", later, "local").reason is Reason.WAITING
        server.close()
        connection.close()
        puller.join(60)
        with pytest.raises(GitUnavailable):
            pull(services, "homelab", later, "local")
    finally:
        os.close(until_it_executes)


def _pull_in_vain(services: Services, run: str) -> None:
    with suppress(GitUnavailable):
        pull(services, "homelab", run, "local")


def _descriptor_of(name: str) -> int:
    """That of a file which this process has open."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if descriptor.readlink().name == name:
                return int(descriptor.name)
    raise AssertionError(name)
