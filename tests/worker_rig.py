"""A repository behind `git daemon`, a catalog, and real Celery workers. No Docker: nothing here has to be deployed."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests import warm
from tests.git_server import GIT_ENV, Source, wait_for_port
from tests.records import record_at
from workers.adapters.state import keys
from workers.runtime.process import Completed, kill_group, spawn
from workers.runtime.settings import Settings
from workers.services import Services

Worker = warm.Running | subprocess.Popen[bytes]

CATALOG = """
repos:
  homelab:
    url: git://127.0.0.1:{port}/source
    ref: main
    discover: ["services/*"]
defaults: {{project: "{prefix}-{{stack}}"}}
{stacks}
"""


class Rig:
    """Everything lies in one folder. `services` are those of the test's own process.

    Its workers watch this machine's engine where there is one, so every Compose project has a prefix of its own.
    """

    def __init__(self, folder: Path, redis_url: str, names: Iterable[str], stacks: str = "") -> None:
        self.folder = folder
        self.source = Source(folder / "served" / "source")
        self.names = list(names)
        self.commit = self.push({f"services/{name}/compose.yaml": compose(name) for name in self.names})
        self._daemon, port = _serve(folder / "served", folder / "git.log")
        self.prefix = f"rig-{secrets.token_hex(3)}"
        (folder / "tegu.yaml").write_text(CATALOG.format(port=port, stacks=stacks, prefix=self.prefix))
        self.settings = Settings(catalog=folder / "tegu.yaml", data_dir=folder / "data", redis_url=redis_url)
        self.services = Services(self.settings)
        self._workers: list[Worker] = []

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "PYTHONWARNINGS": "error::DeprecationWarning:workers",
            "TEGU_CATALOG": str(self.settings.catalog),
            "TEGU_DATA_DIR": str(self.settings.data_dir),
            "TEGU_REDIS_URL": str(self.settings.redis_url),
            "TEGU_CONCURRENCY": "2",
        }

    @property
    def fetches(self) -> int:
        """How often the server was asked for objects."""
        return (self.folder / "git.log").read_text().count("Request upload-pack")

    @property
    def log(self) -> str:
        """All that workers have written."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("worker*.log")))

    def push(self, files: dict[str, str | None]) -> str:
        return self.source.commit(files)

    def record(self, names: Iterable[str] | None = None) -> None:
        """Let these stacks count as deployed, as they are now."""
        commit = self.services.clone("homelab").fetch(["main"])["main"]
        wanted = list(names or self.names)
        self.services.state.discovered.replace(
            "homelab", ["default"], {f"default/{name}": f"services/{name}" for name in wanted}
        )
        for name in wanted:
            stack = self.services.stacks.find(f"default/{name}")
            record = record_at(self.services, stack, commit)
            self.services.state.records.put(stack.id, record, None, deployed_commit=commit)

    def celery(self, *arguments: str, timeout: float = 60) -> Completed:
        argv = ["celery", "-A", "workers", *arguments]
        return warm.run(argv, env=self.env, cwd=self.folder, timeout=timeout)

    @contextlib.contextmanager
    def worker(self, *arguments: str, ready: bool = True, afresh: bool = False, **env: str) -> Iterator[Worker]:
        """A worker with both queues, or as the arguments say; ended by SIGTERM.

        Args:
            arguments: further ones.
            ready: whether it is waited for.
            afresh: it has to load its modules itself.
            env: more of its environment.
        """
        log = self.folder / f"worker{len(self._workers)}.log"
        argv = ["celery", "-A", "workers", "worker", "-l", "info", *arguments]
        with log.open("wb") as file, Path(os.devnull).open("wb") as nowhere:
            begin = _afresh if afresh else warm.start
            process = begin(argv, env=self.env | env, cwd=self.folder, stdout=nowhere.fileno(), stderr=file.fileno())
        self._workers.append(process)
        try:
            if ready:
                eventually(lambda: " ready." in log.read_text(), "a worker is ready")
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            kill_group(process.pid, 1)

    def ended(self, run_id: str, timeout: float = 60) -> dict[str, Any]:
        """A run, once it has ended."""

        redis = self.services.state.redis
        eventually(lambda: redis.hexists(keys.run(run_id), "finished_at"), f"run {run_id} ends", timeout)
        found = self.services.state.runs.get(run_id)
        assert found is not None
        return found.to_json()

    def close(self) -> None:
        self.services.close()
        kill_group(self._daemon.pid, 1)
        self._daemon.wait()
        for pipe in (self._daemon.stdin, self._daemon.stdout):
            if pipe is not None:
                pipe.close()


def compose(name: str, command: str = "sleep 1000") -> str:
    return f"services:\n  {name}:\n    image: busybox:stable\n    command: {command}\n    network_mode: none\n"


def eventually(look: Callable[[], Any], what: str, timeout: float = 60) -> Any:
    """Look again and again until something true comes back."""
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.05)
    return seen


def _afresh(argv: list[str], *, env: dict[str, str], cwd: Path, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", *argv]
    return spawn(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)


def _serve(root: Path, log: Path) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    argv = ["git", "daemon", "--reuseaddr", "--export-all", "--verbose", f"--base-path={root}"]
    argv += ["--listen=127.0.0.1", f"--port={port}", str(root)]
    with log.open("wb") as file:
        process = spawn(argv, env=GIT_ENV, stderr=file.fileno())
    wait_for_port(port)
    return process, port
