"""A lock is taken away from whoever holds it: its processes end, also when they are frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.redis_server import RedisServer
from workers.adapters.state import keys
from workers.commands.locks import holders_of, release
from workers.model.errors import UnknownName, UserError
from workers.runtime.settings import Settings
from workers.services import Services

STACK = "default/a"
HOLDER = """
import os, signal, sys, time
from pathlib import Path
from workers.runtime.process import spawn
from workers.services import Services
from workers.runtime.settings import Settings

services = Services(Settings(data_dir=Path(sys.argv[1]), redis_url=sys.argv[2]))
with services.state.stack_lock.hold("default/a") as lock, services.state.leases.acquire("stack:default/a", "deploying"):
    child = spawn(["sh", "-c", "sleep 1000 & wait"], env={"PATH": os.environ["PATH"]}, pass_fds=(lock,))
    print("held", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture
def services(tmp_path: Path, redis: Redis, redis_server: RedisServer) -> Iterator[Services]:
    assert redis.ping()
    (tmp_path / "tegu.yaml").write_text("repos: {r: {url: /nowhere}}\nstacks: {a: {repo: r, path: a}}\n")
    made = Services(Settings(data_dir=tmp_path, catalog=tmp_path / "tegu.yaml", redis_url=redis_server.url))
    yield made
    made.close()


@pytest.fixture
def frozen(services: Services) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the stack's lock, with a command that inherited it, and is stopped."""
    argv = [sys.executable, "-c", HOLDER, str(services.settings.data_dir), str(services.settings.redis_url)]
    holder = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    yield holder
    holder.stdout.close()
    holder.kill()
    holder.wait()


@pytest.mark.parametrize("name", ["a", STACK, f"stack:{STACK}"])
def test_a_frozen_holder_and_its_commands_are_ended(
    services: Services, frozen: subprocess.Popen[bytes], name: str
) -> None:
    lock = services.state.stack_lock.path(STACK)
    while len(processes := holders_of([lock])) < 3:  # the holder, its command, and what that starts in a moment
        time.sleep(0.01)
    assert frozen.pid in processes

    released = release(services, name)

    assert frozen.wait(10) == -signal.SIGKILL
    assert released.ended == processes
    assert released.holder is not None
    assert released.holder["pid"] == frozen.pid
    assert not holders_of([lock])
    with services.state.stack_lock.hold(STACK):
        assert services.state.leases.holders() == []


def test_a_holder_whose_lease_has_run_out_is_ended_too(services: Services, frozen: subprocess.Popen[bytes]) -> None:
    services.state.redis.delete(keys.lease(f"stack:{STACK}"))
    assert frozen.pid in release(services, STACK).ended
    with services.state.stack_lock.hold(STACK):
        pass


def test_what_is_held_on_another_host_is_released_there(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("socket.gethostname", lambda: "nas")
        lease = services.state.leases.acquire(f"stack:{STACK}", "deploying")
    assert lease is not None
    with lease, pytest.raises(UserError, match="held on nas"):
        release(services, "a")


def test_what_nobody_holds_cannot_be_released(services: Services) -> None:
    with pytest.raises(UnknownName, match="nobody holds"):
        release(services, "a")
    assert os.getpid() not in holders_of([services.state.stack_lock.path(STACK)])
