"""Deciding N unchanged stacks, from the request to the end of the run, against N tasks that do nothing.

Both go through the same worker and the same Redis, by turns. The floor publishes with `send_task`, as any Celery
project does, and is done when the queue and what is unacknowledged are empty.

    .venv/bin/python -m benchmarks.fan_out [--stacks 1000] [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from celery import Celery

from tests.redis_server import RedisServer
from tests.worker_rig import Rig, eventually
from workers.celery import configuration, pull_queue
from workers.model import Trigger
from workers.pull import request_pull

GOAL = 1.3


def cpu_seconds(groups: Iterable[int]) -> float:
    """The processor time of this process and of whole process groups: what counts on a busy machine."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(") ")[2].split()
            if int(fields[2]) in groups:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") + time.process_time()


def measure(rig: Rig, app: Celery, rounds: int, groups: Iterable[int]) -> dict[str, float]:
    redis = rig.services.state.redis
    names = [f"default/{name}" for name in rig.names]

    def idle() -> bool:
        return not redis.llen(pull_queue("local")) and not redis.hlen("unacked")

    def no_ops() -> None:
        for name in names:
            app.send_task("benchmark.noop", [name, "01aaaaaaaaaaaa"], queue=pull_queue("local"))
        eventually(idle, "all no-ops are done")

    def fan_out() -> None:
        run, _ = request_pull(rig.services, "homelab", Trigger.API)
        found = rig.ended(run)
        assert found["status"] == "succeeded", found
        assert len(found["stacks"]) == len(names)

    def seconds(act: Callable[[], None]) -> tuple[float, float]:
        eventually(idle, "the worker is idle")
        started, used = time.perf_counter(), cpu_seconds(groups)
        act()
        return time.perf_counter() - started, cpu_seconds(groups) - used

    no_ops()
    fan_out()
    pairs = [(seconds(no_ops), seconds(fan_out)) for _ in range(rounds)]

    def median(kind: int, side: int) -> float:
        return round(statistics.median(pair[side][kind] for pair in pairs), 3)

    def ratio(kind: int) -> float:
        return round(statistics.median(real[kind] / none[kind] for none, real in pairs), 3)

    return {
        "stacks": len(names),
        "no_op_seconds": median(0, 0),
        "fan_out_seconds": median(0, 1),
        "ratio": ratio(0),
        "no_op_cpu_seconds": median(1, 0),
        "fan_out_cpu_seconds": median(1, 1),
        "cpu_ratio": ratio(1),
        "goal": GOAL,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stacks", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    server = RedisServer(shutil.which("redis-server") or "redis-server")
    try:
        rig = Rig(folder, server.url, [f"s{number}" for number in range(options.stacks)])
        try:
            rig.record()
            app = Celery("benchmark", set_as_current=False)
            app.conf.update(configuration(rig.settings), include=[])
            with rig.worker("-I", "benchmarks.noop_task", "-l", "warning", ready=False) as worker:
                eventually(lambda: rig.services.state.runs.list()["items"], "the worker is there")
                numbers = measure(rig, app, options.rounds, (worker.pid, server.pid))
        finally:
            rig.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(numbers))
    else:
        print(
            "fan-out of {stacks} unchanged stacks: {fan_out_seconds} s, processor {fan_out_cpu_seconds} s".format(
                **numbers
            )
        )
        print("{stacks} tasks that do nothing: {no_op_seconds} s, processor {no_op_cpu_seconds} s".format(**numbers))
        print("ratio: {ratio}, of processor time {cpu_ratio} (goal: {goal})".format(**numbers))


if __name__ == "__main__":
    main()
