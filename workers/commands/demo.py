"""What `tegu demo` shows Tegu on: a repository of three stacks behind a Git server, and a Tegu of its own.

Everything lies in one temporary folder, listens on free loopback ports, and is gone afterwards. Nothing here
is pretended: Git over a socket, real containers, the same `tegu up` as anywhere.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess  # noqa: TID251 (only its names for pipes and its types; workers.runtime.process starts everything)
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.adapters.docker.engine import Engine
from workers.model.errors import EngineUnavailable, TransientError
from workers.runtime.process import kill_group, run, spawn
from workers.runtime.settings import inherited

REPO = "demo"
STACKS = ("api", "clock", "website")
DOCKER_HOST = "unix:///var/run/docker.sock"
IMAGE = "busybox:stable"

_START = 60.0  # seconds for a server to answer
_STOP = 30.0  # seconds for Tegu to end by itself

# No default network each: an engine has few of them. SIGKILL: busybox as process 1 heeds nothing else.
_COMMON = "    network_mode: none\n    stop_signal: SIGKILL\n"

_README = {"README.md": "# Three stacks\n"}
_STACKS = {
    "services/website/compose.yaml": (
        f"services:\n  web:\n    image: {IMAGE}\n"
        "    command: [httpd, -f, -p, '8080', -h, /www]\n"
        f"    volumes: ['./www:/www:ro']\n{_COMMON}"
    ),
    "services/website/www/index.html": "<h1>Hello from Git</h1>\n",
    "services/api/compose.yaml": (
        f"services:\n  api:\n    image: {IMAGE}\n"
        "    command: [sh, -c, 'cat /etc/api.conf; exec sleep infinity']\n"
        f"    volumes: ['./config/api.conf:/etc/api.conf:ro']\n{_COMMON}"
    ),
    "services/api/config/api.conf": "workers = 2\n",
    "services/clock/compose.yaml": (
        f"services:\n  clock:\n    image: {IMAGE}\n"
        f"    command: [sh, -c, 'while true; do date; sleep 5; done']\n{_COMMON}"
    ),
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A container as it runs at one moment: what proves that it was, or was not, touched."""

    container: str
    started_at: str


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Demonstration:
    """A repository of three stacks, a Git server for it, and a Tegu that follows it.

    Attributes:
        folder: everything lies in here.
        secret: what pushes are signed with.
        url: where Tegu answers.
        token: for its API.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = f"tegu-demo-{secrets.token_hex(3)}"
        self.secret = secrets.token_hex(20)
        self.token = secrets.token_hex(20)
        self.git_port, self.web_port, self.flower_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.flower_url = f"http://127.0.0.1:{self.flower_port}"
        self.login_file = folder / "data" / "flower_login"
        self._work = folder / "work"
        self._served = folder / "served" / f"{REPO}.git"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._engine = Engine(DOCKER_HOST)
        self._env = {
            **inherited(("PATH", "HOME", "LANG")),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Tegu demo"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "demo@example.com"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def prepare(self) -> None:
        """Make the repository and the catalog.

        Raises:
            EngineUnavailable: when no engine answers, or the image is neither there nor to be had.
        """
        self._require_image()
        self._served.parent.mkdir()
        self._git("init", "--quiet", "--bare", "--initial-branch=main", "--", str(self._served), cwd=self.folder)
        self._git("init", "--quiet", "--initial-branch=main", "--", str(self._work), cwd=self.folder)
        (self.folder / "webhook_secret").write_text(self.secret)
        (self.folder / "tegu.yaml").write_text(
            f"repos:\n  {REPO}:\n    url: git://127.0.0.1:{self.git_port}/{REPO}.git\n    ref: main\n"
            f"    webhook_secret_file: {self.folder}/webhook_secret\n    discover: ['services/*']\n"
            f"defaults:\n  project: '{self.prefix}-{{stack}}'\n  health: {{settle: 1s, timeout: 30s}}\n"
        )
        self.push(_README, "A repository without stacks")

    def push(self, files: Mapping[str, str], message: str) -> str:
        """Write files, commit them and push.

        Args:
            files: path in the repository → text; none: the three stacks.
            message: the commit's.

        Returns:
            The commit's id.
        """
        for path, text in (files or _STACKS).items():
            target = self._work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        self._git("push", "--quiet", "--", str(self._served), "HEAD:refs/heads/main")
        return self._git("rev-parse", "HEAD").strip()

    def text(self, path: str) -> str:
        """A file of the repository as it was pushed last."""
        return (self._work / path).read_text()

    def start(self) -> None:
        """Start the Git server and Tegu; its log goes to `tegu.log` in the folder."""
        served = self._served.parent
        self._spawn(
            *("git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", f"--port={self.git_port}"),
            *(f"--base-path={served}", str(served)),
        )
        _wait_for_port(self.git_port, "git daemon")
        environment = {
            "TEGU_CATALOG": str(self.folder / "tegu.yaml"),
            "TEGU_DATA_DIR": str(self.folder / "data"),
            "TEGU_BIND": f"127.0.0.1:{self.web_port}",
            "TEGU_FLOWER_BIND": f"127.0.0.1:{self.flower_port}",
            "TEGU_API_TOKEN": self.token,
        }
        self._spawn(str(Path(sys.executable).with_name("tegu")), "up", env=environment)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines that Tegu and the Git server wrote."""
        with contextlib.suppress(OSError):
            return "\n".join((self.folder / "tegu.log").read_text(errors="replace").splitlines()[-lines:])
        return ""

    def alive(self) -> bool:
        """Whether everything that was started still runs."""
        return all(process.poll() is None for process in self._processes)

    def sightings(self) -> dict[str, Sighting]:
        """The running container of each stack, by the stack's name."""
        projects = {f"{self.prefix}-{stack}": stack for stack in STACKS}
        containers = [one for one in self._engine.containers() if one.project in projects and one.running]
        details = self._engine.details(containers)
        return {projects[one.container.project]: Sighting(one.container.id, one.started_at) for one in details}

    def stop(self) -> None:
        """End every process and remove every container; the folder is its maker's."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP)
            kill_group(process.pid)
            process.wait()
        self._processes.clear()
        with contextlib.suppress(TransientError):
            for container in self._engine.containers():
                if container.project.startswith(f"{self.prefix}-"):
                    self._engine.remove(container.id)
        self._engine.close()

    def _require_image(self) -> None:
        if self._engine.image_id(IMAGE) is None:
            run(["docker", "pull", "--", IMAGE], what=f"docker pull {IMAGE}", env=self._env, timeout=300)

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        argv = ["git", *arguments]
        return run(argv, what=f"git {arguments[0]}", env=self._env, timeout=60, cwd=cwd or self._work).stdout

    def _spawn(self, *argv: str, env: Mapping[str, str] | None = None) -> None:
        with (self.folder / "tegu.log").open("ab") as log:
            process = spawn(
                argv,
                env={**self._env, **(env or {})},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log.fileno(),
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)


@contextlib.contextmanager
def demonstration() -> Iterator[Demonstration]:
    """A demonstration in a temporary folder; everything is stopped and removed in the end.

    Raises:
        EngineUnavailable: when no Docker Engine answers.
    """
    folder = Path(tempfile.mkdtemp(prefix="tegu-demo-"))
    demo = Demonstration(folder)
    try:
        demo.prepare()
        yield demo
    finally:
        demo.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_port(port: int, what: str) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    message = f"{what} did not answer on port {port} within {_START:g} s"
    raise EngineUnavailable(message)
