"""Five thousand stacks against five hundred, and stacks that are left alone against unchanged ones.

Nothing runs of the stacks: an engine has no room for so many, and none of this looks at containers. The worker is
a real one, `tegu status` a process of its own, and the API answers in this one. What a pull takes is processor time of
the worker and of Redis, in which whatever else the machine does counts little; by the clock it is in the remarks.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from app.http.factory import create_app
from benchmarks.fan_out import redis_process, until
from benchmarks.figure import Figure, seconds
from benchmarks.processes import processor_seconds
from tests.redis_server import RedisServer
from tests.worker_rig import Rig, compose
from workers.adapters.state import keys
from workers.adapters.state.marks import Hold, Pin
from workers.deploy.sight import Sight
from workers.model.words import Outcome, Trigger
from workers.reconcile.requests import request_pull
from workers.services import Services

FEW, MANY, LEFT_ALONE = 500, 5000, 1000
ROUNDS = 3
MORE_PULLS = 4
GOAL_GROWTH = 1.2
GOAL_STATUS = 1.0
GOAL_PAGE = 50.0
GOAL_LEFT_ALONE = 1.3
GOAL_MEMORY = 1.1


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull has taken, from its request to the end of its run: seconds by the clock, and of processor time."""

    clock: float
    processor: float


@dataclass(slots=True)
class Seen:
    """What one size has taken: seconds by the clock and of processor time, milliseconds of pages, MiB of the worker."""

    pulls: list[Pulled] = field(default_factory=list)
    status: float = 0.0
    table: float = 0.0
    page: float = 0.0
    run: float = 0.0
    memory: float = 0.0
    memory_later: float = 0.0


def measure() -> Iterator[Figure]:
    """How everything grows with the number of stacks, and what a pull costs of those that are left alone."""
    few, many = _look(FEW), _look(MANY)
    each, floor = (_processor(seen.pulls) / size * 1e3 for seen, size in ((many, MANY), (few, FEW)))
    taken, little = (statistics.median(pull.clock for pull in seen.pulls) for seen in (many, few))
    yield Figure(
        f"a pull of {MANY:,} unchanged stacks, for each, against {FEW}",
        each,
        floor,
        GOAL_GROWTH,
        remark=f"processor time; by the clock {taken:.1f} s, and {little:.1f} with {FEW}; "
        f"the worker has {many.memory:.0f} MiB then, and {few.memory:.0f} with {FEW}",
    )
    yield Figure(
        f"memory of that worker after {MORE_PULLS} more pulls", many.memory_later, many.memory, GOAL_MEMORY, "MiB"
    )
    remark = f"the table for people takes {many.table:.2f} s; with {FEW} stacks {few.status:.2f} and {few.table:.2f} s"
    yield Figure(f"`tegu status --json` of {MANY:,} stacks", many.status, goal=GOAL_STATUS, unit="s", remark=remark)
    remark = f"with {FEW} stacks {few.page:.1f} ms; the whole run of {MANY:,} takes {many.run:.0f} ms"
    yield Figure(f"a page of 100 of {MANY:,} stacks from the API", many.page, goal=GOAL_PAGE, remark=remark)
    yield from _left_alone()


def _look(size: int) -> Seen:
    seen = Seen()
    with _rig(size) as rig, rig.worker("-l", "warning", ready=False) as worker:
        until(lambda: rig.services.state.runs.list(limit=1).items)
        _wait(rig)
        processes = [worker.pid, redis_process(rig)]
        seen.pulls = [_pull(rig, processes) for _ in range(ROUNDS)]
        seen.memory = _memory(worker.pid)
        seen.status, seen.table = (_tegu(rig, *arguments) for arguments in (("status", "--json"), ("status",)))
        seen.page = _ask(rig, "/api/v1/stacks")
        seen.run = _ask(rig, f"/api/v1/runs/{rig.services.state.runs.list(limit=1).items[0].id}")
        if size == MANY:
            for _ in range(MORE_PULLS):
                _pull(rig, processes)
            seen.memory_later = _memory(worker.pid)
    return seen


def _left_alone() -> Iterator[Figure]:
    with _rig(LEFT_ALONE) as rig, rig.worker("-l", "warning", ready=False) as worker:
        until(lambda: rig.services.state.runs.list(limit=1).items)
        _wait(rig)
        processes = [worker.pid, redis_process(rig)]
        before = _processor([_pull(rig, processes) for _ in range(ROUNDS)])
        _leave_alone(rig)
        first = _pull(rig, processes).processor
        after = _processor([_pull(rig, processes) for _ in range(ROUNDS)])
        remark = f"processor time; a quarter of each; {first:.1f} s where all are looked at closely, as after a start"
        what = f"{LEFT_ALONE} paused, held, pinned and invalid stacks in a pull, against as many unchanged ones"
        yield Figure(what, after, before, GOAL_LEFT_ALONE, "s", remark)


def _leave_alone(rig: Rig) -> None:
    """Let every stack differ from what is deployed, and nothing be done about it."""
    state, kinds = rig.services.state, [rig.names[start::4] for start in range(4)]
    paused, held, pinned, invalid = kinds
    files: dict[str, str | None] = {
        f"services/{name}/compose.yaml": "services: [" if name in {*invalid} else compose(name, "sleep 2000")
        for name in rig.names
    }
    newest = rig.push(files)
    rig.services.clone("homelab").fetch(["main"])
    for name in paused:
        state.pauses.pause(f"default/{name}", "benchmark")
    for name in held:
        stack = rig.services.stacks.find(f"default/{name}")
        content = Sight(rig.services, stack).content(newest)
        state.holds.hold(stack.id, Hold(content, "it broke", outcome=Outcome.FAILED))
    for name in pinned:
        state.pins.pin(f"default/{name}", Pin(rig.commit, "release", "benchmark", reached=True, head=newest))


def _processor(pulls: Sequence[Pulled]) -> float:
    return statistics.median(pull.processor for pull in pulls)


def _pull(rig: Rig, processes: Collection[int]) -> Pulled:
    """One pull; whose processor time counts is given by the ids of the processes."""

    def act() -> None:
        request_pull(rig.services, "homelab", Trigger.RECONCILE)
        _wait(rig)

    before = processor_seconds(processes)
    return Pulled(seconds(act), processor_seconds(processes) - before)


def _wait(rig: Rig) -> None:
    until(lambda: not rig.services.state.redis.zcard(keys.open_runs()))


def _tegu(rig: Rig, *arguments: str) -> float:
    argv = [str(Path(sys.executable).with_name("tegu")), *arguments]
    return statistics.median(
        seconds(lambda: subprocess.run(argv, env=rig.env, capture_output=True, check=True)) for _ in range(ROUNDS)
    )


def _ask(rig: Rig, route: str) -> float:
    """Milliseconds that an answer of the API takes."""
    settings = rig.settings.model_copy(update={"api_open": "loopback"})
    with contextlib.closing(Services(settings)) as services:
        client = create_app(services).test_client()
        if client.get(route).status_code != HTTPStatus.OK:
            message = f"{route} was not answered"
            raise RuntimeError(message)
        return statistics.median(seconds(lambda: client.get(route).get_data()) for _ in range(ROUNDS)) * 1e3


def _memory(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


@contextlib.contextmanager
def _rig(size: int) -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    server = RedisServer(shutil.which("redis-server") or "redis-server")
    try:
        with contextlib.closing(Rig(folder, server.url, [f"s{number}" for number in range(size)])) as rig:
            rig.record()
            yield rig
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
