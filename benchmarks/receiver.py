"""A webhook's answer, against a Flask route that checks an HMAC and publishes one message with `send_task`.

Both are served by gunicorn with Tegu's own settings and asked by turns over one kept connection each, with the
same signed push. Every push is for a repo that nobody waits for, so that each one makes a run and is published.

    .venv/bin/python -m benchmarks.receiver
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from celery import Celery
from flask import Flask, Response, request

from benchmarks.figure import Figure, by_turns, medians, seconds
from tests import forges
from tests.redis_server import RedisServer
from workers.celery import configuration
from workers.runtime.process import kill_group, spawn
from workers.runtime.settings import load_settings

GOAL = 1.2
ROUNDS = 400
BURST = 1000
_ROOT = Path(__file__).parents[1]


def floor_app() -> Flask:
    """What nobody can beat: check, publish, answer."""
    app = Flask("floor")
    celery = Celery("floor", set_as_current=False)
    celery.conf.update(configuration(load_settings()), include=[])

    @app.post("/webhooks/<repo>")
    def receive(repo: str) -> Response:
        expected = "sha256=" + hmac.new(forges.SECRET.encode(), request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(request.headers["X-Hub-Signature-256"], expected):
            return Response(status=401)
        celery.send_task("benchmark.noop", [repo], queue="tegu.benchmark.noop")
        return Response('{"status": "queued"}', 202, content_type="application/json")

    return app


class Client:
    """One kept connection to one of the servers."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._next = 0

    def push(self, repo: str | None = None) -> float:
        """Push to the next repo, or to one; returns the seconds that the answer took."""
        self._next += repo is None
        delivery = forges.push("github")
        return seconds(lambda: self._send(repo or f"r{self._next}", delivery))

    def _send(self, repo: str, delivery: forges.Delivery) -> None:
        self._connection.request("POST", f"/webhooks/{repo}", delivery.body, delivery.headers)
        response = self._connection.getresponse()
        response.read()
        assert response.status == 202, response.status

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def measure() -> Iterator[Figure]:
    """The ratio for a push that is queued, for one that joins another, and how a burst is answered."""
    program = shutil.which("redis-server")
    assert program, "there is no redis-server program here"
    redis = RedisServer(program)
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    try:
        _write_catalog(folder, ROUNDS + 100)
        with (
            _serve(folder, redis.url, "app.wsgi:app") as own,
            _serve(folder, redis.url, "benchmarks.receiver:floor_app()") as floor,
        ):
            yield from _compare(own, floor)
            yield _burst(own)
    finally:
        redis.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _compare(own_port: int, floor_port: int) -> Iterator[Figure]:
    own, floor = Client(own_port), Client(floor_port)
    try:
        for _ in range(50):
            own.push()
            floor.push("warm")
        mine, least = medians(by_turns([own.push, lambda: floor.push("x")], ROUNDS))
        yield Figure("webhook: answer to a push, queued", mine * 1e3, least * 1e3, GOAL)
        mine, least = medians(by_turns([lambda: own.push("r1"), lambda: floor.push("x")], ROUNDS))
        yield Figure("webhook: answer to a push that joins a run", mine * 1e3, least * 1e3, GOAL)
    finally:
        own.close()
        floor.close()


def _burst(port: int) -> Figure:
    def push(number: int) -> float:
        client = Client(port)
        try:
            return client.push(f"r{number % 10 + 1}")
        finally:
            client.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(100) as pool:
        slowest = max(pool.map(push, range(BURST)))
    took = time.perf_counter() - started
    remark = f"all {BURST} answered in {took:.1f} s, from 100 connections at a time"
    return Figure("webhook: slowest answer in a burst", slowest * 1e3, remark=remark)


def _write_catalog(folder: Path, repos: int) -> None:
    entries = (
        f"  r{number}: {{url: 'https://git.example.com/r{number}.git', ref: main, webhook_secret: {forges.SECRET}}}\n"
        for number in range(1, repos + 1)
    )
    (folder / "tegu.yaml").write_text("repos:\n" + "".join(entries), encoding="utf-8")


@contextlib.contextmanager
def _serve(folder: Path, redis_url: str, name: str) -> Iterator[int]:
    """Gunicorn with one process of this application, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "TEGU_CATALOG": str(folder / "tegu.yaml"),
        "TEGU_DATA_DIR": str(folder),
        "TEGU_REDIS_URL": redis_url,
        "TEGU_BIND": f"127.0.0.1:{port}",
    }
    argv = [sys.executable, "-m", "gunicorn", "--config", "python:app.server", "--workers", "1", name]
    process = spawn(argv, env=env, cwd=_ROOT)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline, f"{name} does not start"
                time.sleep(0.1)
        time.sleep(2)  # the listener is there before the application is
        yield port
    finally:
        kill_group(process.pid, grace=15)
        process.wait(20)


def main() -> None:
    for figure in measure():
        ratio = f", ratio {figure.ratio:.2f} (goal {GOAL})" if figure.ratio else ""
        floor = f", floor {figure.floor:.2f}" if figure.floor else ""
        print(f"{figure.question}: {figure.measured:.2f} {figure.unit}{floor}{ratio} {figure.remark}")


if __name__ == "__main__":
    main()
