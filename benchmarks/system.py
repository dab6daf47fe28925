"""A whole Tegu, most of whose stacks count as deployed without a container to show for it.

An engine has room for a few dozen networks and a machine for a few hundred containers; what is measured is what the
other stacks cost, and of an unchanged stack nothing but its record is looked at.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.repositories import Files, git, make_repository
from tests.e2e.system import REPO, System
from tests.git_server import GIT_ENV
from tests.redis_server import RedisServer
from workers.adapters.git.clone import Clone
from workers.adapters.state import keys
from workers.adapters.state.deployed import Deployed
from workers.changes.closure import take_snapshot
from workers.model.stack import Stack
from workers.runtime.process import run
from workers.runtime.settings import load_settings
from workers.services import Services

_END = 120.0  # seconds that a run may take


class BenchmarkSystem(System):
    """A system with a Redis that is there before Tegu is.

    Args:
        folder: everything lies in here.
        files: the repository's first commit.
    """

    def __init__(self, folder: Path, files: Files) -> None:
        super().__init__(folder)
        self.redis_server = RedisServer(shutil.which("redis-server") or "redis-server")
        make_repository(self.served, [files])
        git("pull", "--quiet", str(self.served), "main", cwd=self.work)
        self.redis: Redis = Redis.from_url(self.redis_server.url, decode_responses=True)

    @property
    def env(self) -> dict[str, str]:
        """The environment of every Tegu process of this system."""
        return super().env | {"TEGU_REDIS_URL": self.redis_server.url}

    def count_as_deployed(self, names: Iterable[str]) -> None:
        """Record stacks as deployed at the repository's newest commit. Call it before `start`."""
        self.write_catalog()
        services = Services(load_settings(self.env))
        catalog = services.catalog.current()
        # The same clone that the worker will use, filled without a server.
        clone = Clone(replace(catalog.repos[REPO], url=str(self.served)), services.settings.data_dir)
        commit = clone.fetch(["main"])["main"]
        tree = clone.tree(commit)
        stacks: tuple[Stack, ...]
        stacks, _ = catalog.discover(REPO, "default", [f"services/{name}" for name in names])
        for stack in stacks:
            snapshot = take_snapshot(stack, tree, services.outside(stack), services.key)
            record = Deployed(snapshot, snapshot.fingerprint, project=stack.project)
            services.state.records.put(stack.id, record, None, deployed_commit=commit)
        clone.close()
        services.close()

    def wait_for(self, run: str) -> None:
        """Wait until a run has ended: one small question to Redis at a time, none to Tegu."""
        deadline = time.monotonic() + _END
        while self.redis.zscore(keys.open_runs(), run) is not None:
            if time.monotonic() > deadline:
                message = f"run {run} did not end\n{self.log()[-3000:]}"
                raise TimeoutError(message)
            time.sleep(0.02)

    def wait_until_idle(self) -> None:
        """Wait until no run is open: those that a start brings with it, too."""
        quiet = 0
        deadline = time.monotonic() + _END
        while quiet < 5 and time.monotonic() < deadline:
            quiet = 0 if self.redis.zcard(keys.open_runs()) else quiet + 1
            time.sleep(0.1)

    def deployment_of(self, run: str, stack: str) -> Mapping[str, Any]:
        """The deployment of a stack in a run, with its steps.

        Raises:
            RuntimeError: there is none, or it did not end well.
        """
        _, found = self.ask(f"/api/v1/runs/{run}")
        part = found["stacks"].get(stack, {})
        if part.get("outcome") != "deployed":
            message = f"{stack} was not deployed: {found}\n{self.log()[-3000:]}"
            raise RuntimeError(message)
        deployment: Mapping[str, Any] = self.ask(f"/api/v1/deployments/{part['deployment']}")[1]
        return deployment

    def stop(self) -> None:
        """End everything, and remove every container."""
        super().stop()
        self.redis.close()
        self.redis_server.stop()


@contextlib.contextmanager
def benchmark_system(files: Files) -> Iterator[BenchmarkSystem]:
    """A system in a temporary folder; nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    system = BenchmarkSystem(folder, files)
    try:
        yield system
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def started_at(project: str) -> float:
    """When the newest container of a project was started, in seconds since the epoch."""
    listed = docker("ps", "--quiet", "--no-trunc", "--filter", f"label=com.docker.compose.project={project}").split()
    if not listed:
        message = f"nothing of {project} runs"
        raise RuntimeError(message)
    times = docker("inspect", "--format", "{{.State.StartedAt}}", *listed).split()
    return max(seconds_of(each) for each in times)


def seconds_of(moment: str) -> float:
    """An RFC 3339 time in seconds since the epoch; what is finer than a microsecond is left out."""
    whole, _, rest = moment.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}+00:00").timestamp()


def docker(*arguments: str, cwd: Path | None = None) -> str:
    """What a docker command prints."""
    env = {"PATH": GIT_ENV["PATH"], "HOME": "/root"}
    return run(["docker", *arguments], what=f"docker {arguments[0]}", env=env, timeout=120, cwd=cwd).stdout
