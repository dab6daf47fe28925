"""The program itself, on a repository, a Redis and a folder of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests import warm
from tests.git_server import Source
from tests.redis_server import RedisServer
from workers.runtime.process import Completed, run
from workers.runtime.settings import Settings
from workers.services import Services

PROGRAM = str(Path(sys.executable).with_name("tegu"))


class Desk:
    """Where somebody sits and types `tegu …`."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.settings = Settings(catalog=folder / "tegu.yaml", data_dir=folder / "data", redis_url=redis_url)
        self.services = Services(self.settings)

    def tegu(self, *arguments: str, **env: str) -> Completed:
        """The program, which has its modules already."""
        return warm.run([PROGRAM, *arguments], env=self._env | env, cwd=self.folder, timeout=60)

    def afresh(self, *arguments: str, **env: str) -> Completed:
        """The console script, started from nothing."""
        argv = [PROGRAM, *arguments]
        return run(argv, what="tegu", env=self._env | env, timeout=60, cwd=self.folder, check=False)

    @property
    def _env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TEGU_CATALOG": str(self.settings.catalog),
            "TEGU_DATA_DIR": str(self.settings.data_dir),
            "TEGU_REDIS_URL": str(self.settings.redis_url),
        }

    def read(self, *arguments: str, **env: str) -> Any:
        """What a command that is told to print JSON says."""
        done = self.tegu(*arguments, "--json", **env)
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)

    def catalog(self, text: str) -> None:
        self.settings.catalog.write_text(text)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Without any Redis: whatever asks for it finds nobody."""
    made = Desk(tmp_path, f"unix://{tmp_path}/nobody.sock")
    yield made
    made.services.close()


@pytest.fixture
def redis_desk(tmp_path: Path, redis: Redis, redis_server: RedisServer) -> Iterator[Desk]:
    """With an empty Redis."""
    assert redis.ping()
    made = Desk(tmp_path, redis_server.url)
    yield made
    made.services.close()


@pytest.fixture
def homelab(tmp_path: Path) -> Source:
    """A repository of two stacks."""
    source = Source(tmp_path / "homelab")
    source.commit(
        {
            **{f"services/{name}/compose.yaml": compose(name) for name in ("adguard", "authelia")},
            **{f"services/{name}/config/app.yml": "a: 1\n" for name in ("adguard", "authelia")},
            "README.md": "hello\n",
        },
    )
    return source


@pytest.fixture
def with_homelab(homelab: Source) -> Callable[[Desk], Source]:
    """Gives a desk the repository as its only repo."""

    def give(desk: Desk) -> Source:
        desk.catalog(f"repos: {{homelab: {{url: '{homelab.path}', discover: ['services/*']}}}}\n")
        return homelab

    return give


def compose(name: str, command: str = "sleep 1000") -> str:
    return (
        f"services:\n  {name}:\n    image: busybox:stable\n    command: {command}\n    network_mode: none\n"
        "    volumes: ['./config:/config:ro']\n"
    )
