"""Deciding 1000 unchanged stacks, from the request of a pull to the end of its run, against as many no-op tasks.

Both go through the same worker and the same Redis, by turns. The floor publishes with `send_task`, as any Celery
project does, and is done when the queue and what is unacknowledged are empty; a second one publishes in one batch, as
Tegu does. Neither fetches anything, keeps a run, or can say what became of its tasks. What else the machine does counts
less in processor time; there the floor's publisher is left out, which is this process, while Tegu's is the worker.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from celery import Celery

from benchmarks.figure import Figure, by_turns, medians, seconds
from benchmarks.processes import processor_seconds
from tests.redis_server import RedisServer
from tests.worker_rig import Rig, eventually
from workers.adapters.queue import Message
from workers.adapters.state import keys
from workers.celery import configuration, pull_queue
from workers.deploy.fast_path import seen_quickly
from workers.model.words import RunStatus, Trigger
from workers.reconcile.requests import request_pull

STACKS = 1000
ROUNDS = 3
GOAL = 1.2
_QUEUE = pull_queue("local")
_NO_OP = "benchmark.noop"


class Race:
    """The three that take turns in one worker.

    Args:
        rig: a repository whose stacks are recorded as deployed, and a running worker.
        app: for `send_task`.
        processes: the worker's id and that of Redis.

    Attributes:
        pulls: seconds from the request of a pull to its end.
        processor: seconds of processor time that these processes have taken, for each that takes turns.
    """

    def __init__(self, rig: Rig, app: Celery, processes: Collection[int]) -> None:
        self._rig = rig
        self._processes = processes
        self._app = app
        self._redis = rig.services.state.redis
        self.pulls: list[float] = []
        self.processor: dict[str, list[float]] = defaultdict(list)

    def no_ops(self) -> float:
        """Publish tasks that do nothing, one by one."""

        def act() -> None:
            for name in self._rig.names:
                self._app.send_task(_NO_OP, [f"default/{name}", "01aaaaaaaaaaaa"], queue=_QUEUE)
            self._wait_until_idle()

        return self._timed("no-ops", act)

    def batched_no_ops(self) -> float:
        """Publish them in one batch."""

        def act() -> None:
            self._rig.services.queue.publish(
                Message(_QUEUE, _NO_OP, (f"default/{name}", "01aaaaaaaaaaaa")) for name in self._rig.names
            )
            self._wait_until_idle()

        return self._timed("batch", act)

    def fan_out(self) -> float:
        """Ask for a pull, and wait until its run has ended."""
        run = ""

        def act() -> None:
            nonlocal run
            run, _ = request_pull(self._rig.services, "homelab", Trigger.RECONCILE)
            started = time.perf_counter()
            until(lambda: not self._redis.sismember(keys.pending(run), "pull:local"))
            self.pulls.append(time.perf_counter() - started)
            until(lambda: self._redis.zscore(keys.open_runs(), run) is None)

        taken = self._timed("fan-out", act)
        found = self._rig.services.state.runs.get(run)
        if found is None or found.status is not RunStatus.SUCCEEDED or len(found.stacks) != len(self._rig.names):
            message = f"the run ended otherwise than it should: {found}"
            raise RuntimeError(message)
        return taken

    def _timed(self, name: str, act: Callable[[], None]) -> float:
        self._wait_until_idle()
        before = processor_seconds(self._processes)
        taken = seconds(act)
        self.processor[name].append(processor_seconds(self._processes) - before)
        return taken

    def _wait_until_idle(self) -> None:
        until(lambda: not self._redis.llen(_QUEUE) and not self._redis.hlen("unacked"))


def measure() -> Iterator[Figure]:
    """The ratio to both floors, and what one decision costs without Celery."""
    with _race() as (rig, race):
        race.no_ops()
        race.fan_out()
        race.pulls.clear()
        race.processor.clear()
        none, batched, real = medians(by_turns([race.no_ops, race.batched_no_ops, race.fan_out], ROUNDS))
        pull, steps = statistics.median(race.pulls), _steps(rig)
    rest = ", ".join(f"{name} {each * 1e3:.2f} ms" for name, each in steps.items())
    remark = f"{STACKS} stacks; {pull:.2f} s until all were published, fetch included; then for each: {rest}"
    yield Figure("fan-out of 1000 unchanged stacks, against 1000 no-ops", real, none, GOAL, "s", remark)
    yield Figure("the same, against no-ops published in one batch", real, batched, GOAL, "s")
    taken, floor, batch = (statistics.median(race.processor[name]) for name in ("fan-out", "no-ops", "batch"))
    remark = f"of worker and Redis, in which Tegu publishes too; no-ops in one batch {batch:.2f} s"
    yield Figure("the same in processor time", taken, floor, GOAL, "s", remark)


def _steps(rig: Rig) -> dict[str, float]:
    """What deciding one stack takes in one process with nothing else to do: the median of each step, in seconds."""
    services = rig.services
    stacks = [services.stacks.find(f"default/{name}") for name in rig.names]
    run = services.state.runs.create("homelab", Trigger.RECONCILE, ())
    services.state.runs.plan(run, [(stack.id, rig.commit) for stack in stacks])
    times: dict[str, list[float]] = {"look": [], "decide": [], "end": []}
    for stack in stacks:
        began = time.perf_counter()
        look = services.state.quick.look(stack.id, "benchmark")
        looked = time.perf_counter()
        decision = seen_quickly(services, stack, look)
        decided = time.perf_counter()
        assert decision is not None, f"{stack.id} is not unchanged"
        services.state.quick.finish_unchanged(look.runs, decision)
        ended = time.perf_counter()
        for name, each in zip(times, (looked - began, decided - looked, ended - decided), strict=True):
            times[name].append(each)
    return {name: statistics.median(each) for name, each in times.items()}


@contextlib.contextmanager
def _race() -> Iterator[tuple[Rig, Race]]:
    """A repository, a Redis and a worker, until it is over."""
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    server = RedisServer(shutil.which("redis-server") or "redis-server")
    try:
        with contextlib.closing(Rig(folder, server.url, [f"s{number}" for number in range(STACKS)])) as rig:
            rig.record()
            app = Celery("benchmark", set_as_current=False)
            app.conf.update(configuration(rig.settings), include=[])
            with rig.worker("-I", "benchmarks.noop_task", "-l", "warning", ready=False) as worker:
                eventually(lambda: rig.services.state.runs.list().items, "the worker is there")
                yield rig, Race(rig, app, [worker.pid, redis_process(rig)])
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def redis_process(rig: Rig) -> int:
    """The id of the process that is the rig's Redis."""
    found: Any = rig.services.state.redis.info("server")
    return int(found["process_id"])


def until(done: Callable[[], object], limit: float = 600.0) -> None:
    """Look every few milliseconds: often enough for the figures, too seldom to be one of them."""
    deadline = time.monotonic() + limit
    while not done():
        if time.monotonic() > deadline:
            message = f"it did not end within {limit:g} s"
            raise TimeoutError(message)
        time.sleep(0.005)
