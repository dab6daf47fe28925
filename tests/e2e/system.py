"""A whole Tegu for a test: a Git server that logs, `tegu up` in a folder of its own, and real containers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.inspected import inspected

REPO = "homelab"
TEGU = str(Path(sys.executable).with_name("tegu"))

GIT_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "test@example.com" for who in ("AUTHOR", "COMMITTER")},
}


class Container(NamedTuple):
    """What proves that a container was, or was not, touched."""

    id: str
    started_at: str
    state: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Any], what: str, timeout: float = 180) -> Any:
    """Look again and again until something true comes back; fail with what was seen last."""
    deadline = time.monotonic() + timeout
    seen: Any = None
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.2)
    message = f"{what} did not happen within {timeout} s; seen last: {seen!r}"
    raise AssertionError(message)


class System:
    """One repository behind `git daemon`, one Tegu that follows it.

    Every Compose project is named with a prefix of its own, so that systems never meet on one engine.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = f"e2e-{secrets.token_hex(3)}"
        self.secret = secrets.token_hex(20)
        self.token = secrets.token_hex(20)
        self.work = folder / "work"
        self.data = folder / "data"
        self.served = folder / "served" / f"{REPO}.git"
        self.git_port, self.web_port, self.flower_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.served.parent.mkdir(parents=True)
        self._git("init", "-q", "--bare", "-b", "main", str(self.served), cwd=folder)
        self._git("init", "-q", "-b", "main", str(self.work), cwd=folder)
        self.catalog: dict[str, Any] = {
            "repos": {
                REPO: {
                    "url": f"git://127.0.0.1:{self.git_port}/{REPO}.git",
                    "ref": "main",
                    "webhook_secret": self.secret,
                    "discover": ["services/*"],
                }
            },
            "defaults": {
                "project": f"{self.prefix}-{{stack}}",
                "health": {"settle": "1s", "timeout": "120s"},
            },
        }

    @property
    def env(self) -> dict[str, str]:
        """The environment of every Tegu process of this system."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TEGU_CATALOG": str(self.folder / "tegu.yaml"),
            "TEGU_DATA_DIR": str(self.data),
            "TEGU_BIND": f"127.0.0.1:{self.web_port}",
            "TEGU_FLOWER_BIND": f"127.0.0.1:{self.flower_port}",
            "TEGU_API_TOKEN": self.token,
        }

    # ------------------------------------------------------------ the repository

    def push(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Write files (None removes one), commit, push; the commit's id."""
        for path, text in files.items():
            target = self.work / path
            if text is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", message)
        self._git("push", "-q", str(self.served), "HEAD:refs/heads/main")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.work, env=GIT_ENV, check=True, capture_output=True, text=True
        )
        return done.stdout

    @property
    def fetches(self) -> int:
        """How often somebody has fetched from the Git server."""
        return (self.folder / "git.log").read_text().count("Request upload-pack")

    # ------------------------------------------------------------ Tegu

    def start(self) -> None:
        """Start the Git server and Tegu on a repository without stacks, and wait until it can work."""
        self.write_catalog()
        self.push({"README.md": "A repository without stacks\n"})
        self._spawn(
            "git.log",
            *("git", "daemon", "--reuseaddr", "--verbose", "--export-all", "--listen=127.0.0.1"),
            *(f"--port={self.git_port}", f"--base-path={self.served.parent}", str(self.served.parent)),
        )
        self._spawn("tegu.log", TEGU, "up")
        eventually(self._ready, f"readiness of {self.url}\n{self.log()[-3000:]}", 90)

    def write_catalog(self) -> None:
        (self.folder / "tegu.yaml").write_text(yaml.safe_dump(self.catalog))

    def _ready(self) -> bool:
        assert all(process.poll() is None for process in self._processes), self.log()[-5000:]
        return self.ask("/readyz")[0] == 200 and self._idle()

    def _idle(self) -> bool:
        """Whether the look that workers take when they start is over; it would see a push before its webhook."""
        runs = self.ask("/api/v1/runs")[1]["items"]
        return bool(runs) and all(run["status"] in {"succeeded", "failed"} for run in runs)

    def _spawn(self, log: str, *argv: str) -> None:
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True}
        with (self.folder / log).open("ab") as out:
            # Not here: `celery -A workers` takes what lies in its folder, and a benchmark's other build is elsewhere.
            started = subprocess.Popen(argv, env=self.env, cwd=self.folder, stdout=out, stderr=out, **quiet)
        self._processes.append(started)

    def log(self) -> str:
        return (self.folder / "tegu.log").read_text(errors="replace")

    def tegu(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command line as a user would."""
        done = subprocess.run(
            [TEGU, *arguments], env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def celery(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Celery's own command line on Tegu's app."""
        argv = [str(Path(TEGU).with_name("celery")), "-A", "workers", *arguments]
        return subprocess.run(
            argv, env=self.env, cwd=self.folder, capture_output=True, text=True, timeout=180, check=True
        )

    def ask(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, base: str | None = None
    ) -> tuple[int, Any]:
        """One HTTP request with the API's token: status and JSON (or text, or the error that kept it from coming)."""
        request = urllib.request.Request(
            f"{base or self.url}{path}", data=body, headers={"Authorization": f"Bearer {self.token}", **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _decoded(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())
        except OSError as error:
            return 0, str(error)

    def ask_flower(self, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """One request to Flower, with the login that `tegu up` has made for it."""
        login = base64.b64encode((self.data / "flower_login").read_bytes().strip()).decode()
        return self.ask(path, body, {"Authorization": f"Basic {login}"}, f"http://127.0.0.1:{self.flower_port}")

    def send_push(self, commit: str, *, ref: str = "refs/heads/main", event: str = "push") -> tuple[int, Any]:
        """Send what GitHub sends for a push."""
        body = json.dumps({"ref": ref, "after": commit, "deleted": False}).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        return self.ask(f"/webhooks/{REPO}", body, headers)

    def follow(self, run: str, timeout: float = 240) -> dict[str, Any]:
        """Wait until a run has ended."""

        def ended() -> dict[str, Any] | None:
            status, found = self.ask(f"/api/v1/runs/{run}")
            assert status == 200, found
            return found if found["status"] in {"succeeded", "failed"} else None

        try:
            found: dict[str, Any] = eventually(ended, f"the end of run {run}", timeout)
        except AssertionError as error:
            message = f"{error}\n{self.ask(f'/api/v1/runs/{run}')}\n{self.log()[-4000:]}"
            raise AssertionError(message) from None
        return found

    def deploy(self, files: Mapping[str, str | None], timeout: float = 240) -> dict[str, Any]:
        """Push, tell Tegu, and wait for the run to end."""
        status, answer = self.send_push(self.push(files))
        assert status == 202, answer
        return self.follow(answer["run"], timeout)

    def live(self, stack: str, path: str = "", environment: str = "default") -> Path:
        """Where a stack's file lies on the host."""
        return self.data / "stacks" / environment / stack / path

    # ------------------------------------------------------------ containers

    def containers(self) -> dict[str, Container]:
        """The containers of this system's projects, by `stack/service/number`."""
        # Others work on the same engine: a container of theirs may be gone before it could be inspected.
        rows = _docker("ps", "-a", "--no-trunc", "--format", '{{.ID}} {{.Label "com.docker.compose.project"}}')
        ids = [row.split()[0] for row in rows.splitlines() if f" {self.prefix}-" in row]
        if not ids:
            return {}
        found = {}
        for one in inspected(ids):
            labels = one["Config"]["Labels"]
            stack = labels["com.docker.compose.project"].removeprefix(f"{self.prefix}-")
            number = labels.get("com.docker.compose.container-number", "1")
            name = f"{stack}/{labels['com.docker.compose.service']}/{number}"
            found[name] = Container(one["Id"], one["State"]["StartedAt"], one["State"]["Status"])
        return found

    def docker(self, container: str, *command: str) -> None:
        """Do to one of the containers what somebody does by hand."""
        _docker(*command, self.containers()[container].id)

    def inside(self, container: str, *argv: str) -> str:
        """What a command prints inside one of the containers."""
        return _docker("exec", self.containers()[container].id, *argv)

    def stop(self) -> None:
        """End everything and remove every container and network of this system."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(180)  # a deployment that still waits goes back first, and would leave what it has begun
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for listing, name, remove in (
            ("ps -a", "ID", "rm -f -v"),
            ("network ls", "ID", "network rm"),
            ("volume ls", "Name", "volume rm"),
        ):
            shown = _docker(
                *listing.split(), "--format", f'{{{{.{name}}}}} {{{{.Label "com.docker.compose.project"}}}}'
            )
            ours = [row.split()[0] for row in shown.splitlines() if f" {self.prefix}-" in row]
            if ours:
                _docker(*remove.split(), *ours)


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, timeout=180).stdout


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
