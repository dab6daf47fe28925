"""What a pull tells of its repo: whom it asks while it does, and how it has ended, also between two tries."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from app.http.schemas import repo_states
from tests.published import Published
from tests.redis_server import RedisServer
from workers.adapters.state.repos import RepoState
from workers.model.errors import GitUnavailable
from workers.model.words import Trigger
from workers.reconcile.pull import pull
from workers.reconcile.requests import request_pull
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.redis


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes a connection and says nothing; closed, it hangs up on everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def services(tmp_path: Path, silent: socket.socket, redis_server: RedisServer, redis: Redis) -> Iterator[Services]:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    port = silent.getsockname()[1]
    catalog.write_text(f"repos: {{homelab: {{url: 'git://127.0.0.1:{port}/r', discover: ['*']}}}}\n")
    settings = Settings(catalog=catalog, data_dir=tmp_path / "data", redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


def _stands(services: Services) -> RepoState:
    (found,) = repo_states(services.catalog.current(), services.state)
    return found


def test_a_pull_shows_whom_it_asks_and_that_a_try_has_failed(services: Services, silent: socket.socket) -> None:
    run, _ = request_pull(services, "homelab", Trigger.CLI)
    caught: list[Exception] = []

    def work() -> None:
        try:
            pull(services, "homelab", run, "local", last_try=False)
        except GitUnavailable as error:
            caught.append(error)

    puller = threading.Thread(target=work)
    puller.start()
    connection, _ = silent.accept()
    asking = _stands(services).asking
    assert asking is not None
    assert asking.host == "127.0.0.1"
    assert _stands(services).last_pull is None
    connection.close()
    deadline = time.monotonic() + 60
    silent.settimeout(0.1)
    while puller.is_alive() and time.monotonic() < deadline:  # a second question gets the same answer
        try:
            silent.accept()[0].close()
        except TimeoutError:
            continue
    puller.join(60)
    assert len(caught) == 1
    stands = _stands(services)
    assert stands.asking is None
    assert stands.last_pull is not None
    assert (stands.last_pull.failed, stands.last_pull.error) == (True, str(caught[0]))
    found = services.state.runs.get(run)
    assert found is not None
    assert not found.status.ended  # it is tried again
