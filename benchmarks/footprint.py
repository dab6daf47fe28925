"""What `tegu up` takes while nothing happens, and until it is ready, against a bare Celery project.

Fifteen stacks are deployed and run; then nothing happens but what Tegu does by itself: watching the engine, signs of
life, the schedule. The bare project is what somebody would start with who writes such a thing: Redis, one worker
of four children with its events, beat, Flower, and gunicorn with two processes of a Flask application. With
`TEGU_BENCH_BEFORE=…/bin/tegu` another build does the same in the same run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.processes import Taken, taken_by
from tests.e2e.system import TEGU, System, eventually, free_port

STACKS = 15
_SETTLE_SECONDS = 45.0  # until what a deployment leaves behind has ended, readers of Git for example
_IDLE_SECONDS = 60.0
_COMPOSE = """\
services:
  app:
    image: busybox:stable
    command: sleep 100000
    network_mode: none
    stop_signal: SIGKILL
"""
_BARE = """\
from celery import Celery
from flask import Flask

app = Celery("bare", broker="redis://127.0.0.1:{port}/0")
app.conf.worker_send_task_events = True
web = Flask("bare")

@app.task
def nothing():
    pass

@web.get("/")
def answer():
    return "yes"
"""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What was measured of one system.

    Attributes:
        idle: what it takes at the end, its `cpu` being seconds a minute.
        written: MB an hour that the append-only file grows by.
        ready: seconds from the start until it can work.
        ready_cpu: seconds of processor time by then.
    """

    idle: Taken
    written: float = 0.0
    ready: float = 0.0
    ready_cpu: float = 0.0


class _Up(System):
    """A `tegu up` of any build.

    Args:
        folder: everything lies in here.
        program: its `tegu`.
        flower: whether Flower is started, too.
    """

    def __init__(self, folder: Path, program: str, *, flower: bool) -> None:
        super().__init__(folder)
        self._program, self._flower = program, flower

    @property
    def env(self) -> dict[str, str]:
        """The environment of every Tegu process of this system."""
        return super().env | ({} if self._flower else {"TEGU_FLOWER_BIND": "off"})

    def measure(self) -> Footprint:
        """Start it, deploy, and let it rest."""
        started = time.monotonic()
        self.start()
        ready, at_ready = time.monotonic() - started, taken_by([self.up])
        commit = self.push({f"services/s{number}/compose.yaml": _COMPOSE for number in range(STACKS)})
        run = self.follow(self.send_push(commit)[1]["run"], 300)
        if [part["outcome"] for part in run["stacks"].values()] != ["deployed"] * STACKS:
            message = f"not every stack was deployed: {run}"
            raise RuntimeError(message)
        idle, written = _rest([self.up], self.data / "redis" / "appendonlydir")
        return Footprint(idle, written, ready, at_ready.cpu)

    @property
    def up(self) -> int:
        """The process that has started all others."""
        return self._processes[-1].pid

    def _spawn(self, log: str, *argv: str) -> None:
        super()._spawn(log, *(self._program if word == TEGU else word for word in argv))


def measure() -> Iterator[Figure]:
    """Each figure against the bare project, or against the build before where there is one."""
    with_flower, without = _of_tegu(TEGU), _of_tegu(TEGU, flower=False)
    bare = _of_bare_project()
    yield Figure(
        f"memory of all that `tegu up` starts, {STACKS} stacks, idle",
        with_flower.idle.memory,
        bare.idle.memory,
        0.7,
        "MiB",
        f"in {with_flower.idle.processes} processes; the floor is a bare Celery project in {bare.idle.processes}",
    )
    yield Figure("the same without Flower", without.idle.memory, goal=160, unit="MiB")
    yield Figure("processes", with_flower.idle.processes, goal=10, unit="", remark="with Flower")
    yield Figure(
        "processor time a minute, idle, the engine watched",
        with_flower.idle.cpu * 1e3,
        bare.idle.cpu * 1e3,
        remark=f"without Flower {without.idle.cpu * 1e3:.0f} ms",
    )
    yield Figure("growth of the append-only file an hour, idle", with_flower.written, goal=0.2, unit="MB")
    yield Figure(
        "from the start of `tegu up` until ready",
        with_flower.ready,
        unit="s",
        remark=f"{with_flower.ready_cpu:.1f} s of processor time",
    )
    if before := os.environ.get("TEGU_BENCH_BEFORE"):
        yield from _against(with_flower, _of_tegu(before))


def _against(now: Footprint, before: Footprint) -> Iterator[Figure]:
    yield Figure("memory, against the build before", now.idle.memory, before.idle.memory, 0.3, "MiB")
    yield Figure("processes, against it", now.idle.processes, before.idle.processes, unit="")
    yield Figure("processor time a minute, against it", now.idle.cpu * 1e3, before.idle.cpu * 1e3, 0.5)
    yield Figure("growth of the append-only file, against it", now.written, before.written, unit="MB")
    yield Figure("until ready, against it", now.ready, before.ready, 0.6, "s")
    yield Figure("processor time until ready, against it", now.ready_cpu, before.ready_cpu, 0.6, "s")


def _of_tegu(program: str, *, flower: bool = True) -> Footprint:
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    system = _Up(folder, program, flower=flower)
    try:
        return system.measure()
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _of_bare_project() -> Footprint:
    folder, port, web, flower = Path(tempfile.mkdtemp(prefix="tegu-bench-")), free_port(), free_port(), free_port()
    (folder / "bare.py").write_text(_BARE.format(port=port), encoding="utf-8")
    celery = (sys.executable, "-m", "celery", "-A", "bare")
    redis = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--dir", str(folder))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        started = [stack.enter_context(_running(folder, redis))]
        eventually(lambda: _listens(port), "a Redis")
        started += [
            stack.enter_context(_running(folder, argv))
            for argv in (
                (*celery, "worker", "--concurrency", "4", "--events"),
                (*celery, "beat", "--schedule", str(folder / "schedule")),
                (*celery, "flower", f"--port={flower}"),
                (sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "-b", f"127.0.0.1:{web}", "bare:web"),
            )
        ]
        eventually(lambda: _listens(web) and _listens(flower), "the bare project")
        idle, written = _rest(started, folder / "appendonlydir")
        return Footprint(idle, written)


def _rest(roots: list[int], append_only: Path) -> tuple[Taken, float]:
    """Let some processes do nothing; what they take then, and MB an hour that a Redis writes."""
    time.sleep(_SETTLE_SECONDS)
    began, before, size = time.monotonic(), taken_by(roots), _size(append_only)
    time.sleep(_IDLE_SECONDS)
    after, took = taken_by(roots), time.monotonic() - began
    written = (_size(append_only) - size) / 1e6 * 3600 / took
    return Taken(after.processes, after.memory, (after.cpu - before.cpu) * 60 / took), written


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.glob("*"))


@contextlib.contextmanager
def _running(folder: Path, argv: tuple[str, ...]) -> Iterator[int]:
    with subprocess.Popen(
        argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
