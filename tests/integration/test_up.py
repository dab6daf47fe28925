"""`tegu up`: comes up, brings back what ends, stops cleanly, and refuses what cannot work."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import pytest

from tests.git_server import Source
from tests.redis_server import RedisServer
from workers.runtime.process import spawn

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("redis_program"), pytest.mark.timeout(180)]

CATALOG = """\
repos:
  homelab:
    url: {url}
    ref: main
    webhook_secret: planted-webhook-secret
    discover: ["services/*"]
"""
NO_FLOWER = {"TEGU_FLOWER_BIND": "off"}
"""The first test stands for it; without it, one more program need not start."""


class Up:
    """A running `tegu up` and everything it has printed."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.web, self.flower = _free_ports(2)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TEGU_DATA_DIR": str(self.data_dir),
            "TEGU_BIND": f"127.0.0.1:{self.web}",
            "TEGU_FLOWER_BIND": f"127.0.0.1:{self.flower}",
            "TEGU_CONCURRENCY": "1",
            **environment,
        }
        self.lines: list[str] = []
        program = str(Path(sys.executable).with_name("tegu"))
        self.process = spawn([program, "up"], env=env, cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in cast("IO[bytes]", self.process.stdout):
            self.lines.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, None

    def ask_flower(self, login: str, host: str) -> int:
        """What Flower answers to somebody with a login who has asked for this host."""
        headers = {"Host": host} if host else {}
        if login:
            headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.flower}/workers", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def told_to_processes(self) -> str:
        """All arguments and environments of its processes."""
        files = (Path(f"/proc/{pid}/{name}") for pid in self.left() for name in ("cmdline", "environ"))
        return "".join(file.read_bytes().decode(errors="replace") for file in files)

    def wait_until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)

    def wait_until_ready(self) -> None:
        self.wait_until(lambda: self.get("/readyz")[0] == 200)

    def ended(self, seconds: float = 60) -> int:
        code = self.process.wait(seconds)
        self._reader.join(5)
        cast("IO[bytes]", self.process.stdout).close()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.ended()
        finally:
            for pid in self.left():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def left(self) -> list[int]:
        """Every process of its session that is still there."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                state, _, _, session = (entry / "stat").read_text(errors="replace").rpartition(") ")[2].split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    found.append(int(entry.name))
        return found

    def pid_of(self, *words: str) -> int:
        """The oldest process of this `tegu up` with these words in its command line; numbers wrap around."""
        found: list[tuple[int, int]] = []
        for pid in self.left():
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
                if all(word in line for word in words):
                    started = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
                    found.append((int(started), pid))
        return min(found, default=(0, 0))[1]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = Source(tmp_path / "source")
    source.commit({"README.md": "no stacks here\n"})
    (tmp_path / "tegu.yaml").write_text(CATALOG.format(url=source.path))
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def make(**environment: str) -> Up:
        started.append(Up(folder, **environment))
        return started[-1]

    yield make
    for up in started:
        up.close()


def test_it_comes_up_brings_back_what_ends_and_stops_without_a_trace(start: Callable[..., Up]) -> None:
    up = start()
    up.wait_until_ready()
    assert (up.data_dir / "redis.sock").is_socket()
    assert (up.data_dir / "redis" / "appendonlydir").is_dir()
    up.wait_until((up.data_dir / "repos/homelab.git/HEAD").is_file)
    up.wait_until(lambda: _listens(up.flower))
    login = (up.data_dir / "flower_login").read_text().strip()
    assert [up.ask_flower(*asked) for asked in (("", ""), (login, ""), (login, "evil.example.com"))] == [401, 200, 421]
    assert login not in up.text + up.told_to_processes()
    assert (up.data_dir / "api_token").stat().st_mode & 0o777 == 0o600
    assert up.get("/api/v1/stacks")[0] == 401
    assert _opens(_link(up.text)), up.text
    assert not _opens(_link(up.text))

    # Each is killed in a way that leaves it no time, and comes back.
    for words, name in (
        (("gunicorn",), "web"),
        (("worker-local",), "worker"),
        (("redis-server",), "redis"),
    ):
        pid = up.pid_of(*words)
        assert pid, name
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        up.wait_until(lambda name=name: f"program={name}" in up.text and "DIED" in up.text)  # type: ignore[misc]
        up.wait_until(lambda words=words, pid=pid: up.pid_of(*words) not in {0, pid})  # type: ignore[misc]
    up.wait_until_ready()
    assert "how=terminated by SIGKILL" in up.text

    up.process.terminate()
    assert up.ended() == 0
    assert up.left() == []
    assert up.lines[-1].split() == [up.lines[-1][:8], "tegu", "stopped"]
    assert not (up.data_dir / "redis.sock").exists()
    assert all(re.match(r"\d\d:\d\d:\d\d  |          ", line) for line in up.lines), up.text
    assert not re.search(r"Booting worker|Server initialized|Warm shutdown", up.text)
    assert "planted-webhook-secret" not in up.text


def test_ctrl_c_stops_it_and_when_it_is_killed_its_programs_end_too_and_the_next_one_takes_over(
    start: Callable[..., Up],
) -> None:
    first = start(**NO_FLOWER)
    first.wait_until_ready()
    refused = start(**NO_FLOWER)
    assert refused.ended() == 1
    assert f"another `tegu up` (process {first.process.pid}) uses" in refused.text
    assert first.process.poll() is None
    first.process.send_signal(signal.SIGINT)
    assert first.ended() == 0
    assert first.left() == []
    second = start(**NO_FLOWER)
    second.wait_until_ready()
    second.process.kill()
    second.process.wait()
    third = start(TEGU_BIND=f"127.0.0.1:{second.web}", **NO_FLOWER)
    third.web = second.web
    third.wait_until(lambda: "starting" in third.text)
    assert "the last `tegu up` was killed" in third.text
    third.wait_until_ready()
    third.process.terminate()
    assert third.ended() == 0
    assert third.left() == []


def test_a_redis_of_one_s_own_is_used_and_left_alone_and_a_json_log_is_json_throughout(
    start: Callable[..., Up], own_redis_server: Callable[..., RedisServer]
) -> None:
    server = own_redis_server()
    up = start(TEGU_REDIS_URL=server.url, TEGU_LOG_FORMAT="json", **NO_FLOWER)
    up.wait_until_ready()
    assert not up.pid_of("redis-server")
    assert not (up.data_dir / "redis.sock").exists()
    up.process.terminate()
    assert up.ended() == 0
    found = [json.loads(line) for line in up.lines]
    assert {"tegu", "web", "worker"} <= {line["process"] for line in found}


def test_a_port_that_is_taken_is_named(start: Callable[..., Up]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bind = f"127.0.0.1:{listener.getsockname()[1]}"
        up = start(TEGU_BIND=bind)
        assert up.ended() == 1
    assert f"TEGU_BIND: cannot listen on {bind}: Address already in use" in up.text
    assert up.left() == []


@pytest.mark.parametrize(
    "bind",
    [
        "127.0.0.1:99999",  # stands for the others, which are told apart without starting anything
        pytest.param("nonsense", marks=pytest.mark.thorough),
        pytest.param("127.0.0.1:0", marks=pytest.mark.thorough),
    ],
)
def test_an_address_that_is_none_is_refused(start: Callable[..., Up], bind: str) -> None:
    up = start(TEGU_BIND=bind)
    assert up.ended() == 2
    assert "TEGU_BIND" in up.text


def test_without_a_catalog_it_says_how_to_get_one(start: Callable[..., Up], folder: Path) -> None:
    (folder / "tegu.yaml").unlink()
    up = start()
    assert up.ended() == 1
    assert "tegu.yaml" in up.text
    assert "Traceback" not in up.text


def test_a_data_directory_that_cannot_be_made_is_named(start: Callable[..., Up], folder: Path) -> None:
    (folder / "file").write_text("")
    up = start(TEGU_DATA_DIR=str(folder / "file" / "data"))
    assert up.ended() == 1
    assert "TEGU_DATA_DIR" in up.text
    assert "Traceback" not in up.text


def _link(text: str) -> str:
    """The link that logs in."""
    found = re.search(r"link=(http://127\.0\.0\.1:\d+/login/[0-9a-f-]+)", text)
    assert found, text
    return found[1]


def _opens(link: str) -> bool:
    """Whether a browser that opens a link sees the first page."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with browser.open(link, timeout=10) as answer:
            return '<h1 class="sentence' in answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
