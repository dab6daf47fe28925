"""The web application under gunicorn, as it is really run, against clients that mean harm or are merely many."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest

from app.server import BODY_SECONDS, HEAD_SECONDS
from tests import forges
from tests.redis_server import RedisServer
from workers.runtime.process import kill_group, spawn

ROOT = Path(__file__).parents[2]
CATALOG = f"""
repos:
  homelab: {{url: "https://git.example.com/me/homelab.git", ref: main, webhook_secret: {forges.SECRET}}}
stacks:
  website: {{repo: homelab, path: services/website}}
"""


@dataclass
class Server:
    """A running gunicorn."""

    port: int
    process: Popen[bytes]
    redis: RedisServer
    log: Path

    def send(self, method: str, path: str, delivery: forges.Delivery | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body, headers = (delivery.body, delivery.headers) if delivery else (b"", {})
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def memory(self) -> int:
        """KiB that all processes of the server have in memory."""
        pids = [self.process.pid]
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in (*pids, *children)]
        return sum(int(found[1]) for text in statuses if (found := re.search(r"VmRSS:\s+(\d+)", text)))


@pytest.fixture(scope="module")
def server(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("web")
    (folder / "tegu.yaml").write_text(CATALOG, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "TEGU_CATALOG": str(folder / "tegu.yaml"),
        "TEGU_DATA_DIR": str(folder),
        "TEGU_REDIS_URL": redis_server.url,
        "TEGU_LOG_FORMAT": "json",
        "TEGU_API_OPEN": "loopback",
        "TEGU_BIND": f"127.0.0.1:{port}",
    }
    argv = [sys.executable, "-m", "gunicorn", "--config", "python:app.server", "--error-logfile", str(folder / "log")]
    with (folder / "stderr").open("wb") as stderr:
        process = spawn(argv, env=env, cwd=ROOT, stderr=stderr.fileno())
        running = Server(port, process, redis_server, folder / "stderr")
        try:
            _await(running)
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            kill_group(process.pid, grace=15)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait(20)


def _await(server: Server) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            assert server.send("GET", "/healthz")[0] == 200
        except OSError:
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.1)
        else:
            return


@pytest.fixture(autouse=True)
def _no_traceback(server: Server) -> Iterator[None]:
    """Whatever a client does, it is not Tegu's failure."""
    before = len(server.log.read_text())
    yield
    assert "Traceback" not in server.log.read_text()[before:]


def answer(client: socket.socket) -> bytes:
    """All that the server sends until it hangs up."""
    received = b""
    while chunk := client.recv(65536):
        received += chunk
    return received


def status_of(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


@pytest.mark.parametrize("forge", forges.FORGES)
def test_a_signed_push_is_accepted(server: Server, forge: str) -> None:
    status, body = server.send("POST", "/webhooks/homelab", forges.push(forge))
    assert status == 202
    assert set(json.loads(body)) == {"run", "status"}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(server: Server, method: str) -> None:
    assert server.send(method, "/webhooks/homelab")[0] == 405


def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(server: Server) -> None:
    with server.connect() as client:
        client.sendall(b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nContent-Length: 26214401\r\n\r\n")
        started = time.monotonic()
        assert status_of(client.recv(65536)) == 413
        assert time.monotonic() - started < 8  # before the limits on slow requests end


@pytest.mark.parametrize(("path", "length"), [("/webhooks/homelab", 26214401), ("/api/v1/repos/homelab/pull", 65537)])
def test_whoever_announces_too_much_is_not_asked_to_go_on(server: Server, path: str, length: int) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    with server.connect() as client:
        client.sendall(head.encode())
        received = b""
        while chunk := client.recv(65536):  # it hangs up
            received += chunk
    assert status_of(received) == 413
    assert b"\r\nconnection: close\r\n" in received.lower()


def test_whoever_announces_what_is_allowed_is_asked_to_go_on(server: Server) -> None:
    head = b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with server.connect() as client:
        client.sendall(head)
        assert status_of(client.recv(65536)) == 100
        client.sendall(b"{}")
        assert status_of(client.recv(65536)) == 401


def test_a_chunked_body_without_an_end_is_refused_in_flat_memory(server: Server) -> None:
    before = server.memory()

    def send_for_ever() -> int:
        with server.connect() as client:
            client.sendall(b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            for _ in range(600):
                try:
                    client.sendall(chunk)
                except OSError:
                    break
            try:
                return status_of(client.recv(65536))
            except OSError:
                return 413  # it had answered, hung up, and the rest of the chunks tore the answer away

    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            assert set(pool.map(lambda _: send_for_ever(), range(2))) == {413}
    assert server.memory() - before < 300 * 1024


def test_a_length_that_is_none_is_a_bad_request(server: Server) -> None:
    for length in (b"-1", b"many", b"1e9", b"1, 2"):
        with server.connect() as client:
            client.sendall(
                b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + b"\r\n\r\n"
            )
            assert status_of(answer(client)) == 400


@pytest.mark.parametrize("chunks", [b"zz\r\nnonsense\r\n", b"5\r\nnonsense\r\n", b"-5\r\n", b"5;\r;\r\nhello\r\n"])
def test_chunks_that_are_none_are_a_bad_request(server: Server, chunks: bytes) -> None:
    with server.connect() as client:
        head = b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head + chunks)
        received = answer(client)
    assert status_of(received) == 400
    assert b"application/problem+json" in received


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"\x00\x01\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"POST /webhooks/homelab HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", 431),
    ],
    ids=["no request", "version", "length", "path", "header"],
)
def test_a_request_that_gunicorn_refuses_is_told_as_every_error_is(
    server: Server, request_head: bytes, status: int
) -> None:
    with server.connect() as client:
        client.sendall(request_head)
        head, _, body = answer(client).partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert (status_of(head), problem["status"]) == (status, status)
    assert problem["detail"]


def test_a_request_without_a_length_has_no_body(server: Server) -> None:
    with server.connect() as client:
        client.sendall(b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert status_of(answer(client)) == 401


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        (b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", HEAD_SECONDS, None),
        (b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n", BODY_SECONDS, 400),
        (
            b"POST /webhooks/homelab HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n",
            BODY_SECONDS,
            400,
        ),
    ],
    ids=["head", "body", "chunks"],
)
def test_a_client_that_drips_is_hung_up_on_and_holds_nobody_up(
    server: Server, start: bytes, limit: float, expected: int | None
) -> None:
    drips = [server.connect() for _ in range(20)]
    try:
        for client in drips:
            client.sendall(start)
        started = time.monotonic()
        assert server.send("POST", "/webhooks/homelab", forges.push("github"))[0] == 202
        assert time.monotonic() - started < 8  # before the limits on slow requests end
        others = iter(drips)
        first = next(others)
        first.settimeout(0.5)
        received = None
        while received is None:
            assert time.monotonic() - started < limit + 30
            try:
                received = first.recv(65536)
            except TimeoutError:
                first.sendall(b"x")
            if received and status_of(received) == 503:
                # Bodies without a length are too many at once here; whose turn it was is chance.
                received, first = None, next(others)
                first.settimeout(0.5)
        assert (status_of(received) if received else None) == expected
    finally:
        for client in drips:
            client.close()


def test_a_thousand_webhooks_at_once_are_all_answered(server: Server) -> None:
    deliveries = [forges.push("github", [(forges.BRANCH, f"{number:040x}")]) for number in range(1, 11)]

    def deliver(number: int) -> tuple[int, float]:
        started = time.monotonic()
        status, _ = server.send("POST", "/webhooks/homelab", deliveries[number % 10])
        return status, time.monotonic() - started

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(deliver, range(1000)))
    assert {status for status, _ in answers} == {202}
    assert max(seconds for _, seconds in answers) < 30


def test_a_frozen_redis_is_told_of_in_time(server: Server) -> None:
    server.redis.freeze()
    try:
        started = time.monotonic()
        status, _ = server.send("POST", "/webhooks/homelab", forges.push("github", [(forges.BRANCH, "fe" * 20)]))
        assert (status, time.monotonic() - started < 20) == (503, True)
    finally:
        server.redis.thaw()
    assert server.send("POST", "/webhooks/homelab", forges.push("github", [(forges.BRANCH, "fe" * 20)]))[0] == 202
