"""How soon it shows what somebody does to one of fifty stacks by hand, and what watching costs while nothing happens.

Every stack really runs. A container is stopped with `docker stop`, and the time counts from when that has returned.
What the two workers' main processes take while nothing happens is told side by side: one of them watches, and both do
everything else alike.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.repositories import git, make_repository, stack_files
from benchmarks.system import docker
from tests.e2e.system import System
from workers.celery import deploy_queue, pull_queue

STACKS = 50
ROUNDS = 8
GOAL = 1000.0
_IDLE_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> Iterator[Figure]:
    """The delays, and the cost."""
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    system = System(folder)
    try:
        names = [f"s{number}" for number in range(STACKS)]
        make_repository(system.served, [{path: text for name in names for path, text in stack_files(name).items()}])
        git("pull", "--quiet", str(system.served), "main", cwd=system.work)
        system.start()
        commit = git("rev-parse", "main", cwd=system.served).strip()
        run = system.follow(system.send_push(commit)[1]["run"], 300)
        if {part["outcome"] for part in run["stacks"].values()} - {"deployed", "unchanged"}:
            message = f"not every stack was deployed: {run}"
            raise RuntimeError(message)
        yield from _delays(system, names)
        yield _idle()
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _delays(system: System, names: list[str]) -> Iterator[Figure]:
    by_api = [_until_shown(system, name, _in_api) for name in names[:ROUNDS]]
    yield Figure(
        f"a container stopped by hand, one of {STACKS} stacks, until the API shows it",
        statistics.median(by_api) * 1e3,
        goal=GOAL,
        remark=f"at most {max(by_api) * 1e3:.0f} ms",
    )
    by_status = [_until_shown(system, name, _in_status) for name in names[-ROUNDS:]]
    began = time.monotonic()
    system.tegu("status", "--json")
    itself = time.monotonic() - began
    yield Figure(
        "the same, until `tegu status` has printed it",
        statistics.median(by_status) * 1e3,
        goal=GOAL,
        remark=f"at most {max(by_status) * 1e3:.0f} ms; the command itself takes {itself * 1e3:.0f} ms",
    )


def _until_shown(system: System, name: str, is_shown: Callable[[System, str], bool]) -> float:
    docker("stop", system.containers()[f"{name}/app/1"].id)
    stopped = time.monotonic()
    while not is_shown(system, name):
        if time.monotonic() > stopped + 60:
            message = f"{name} is still shown as running"
            raise TimeoutError(message)
    return time.monotonic() - stopped


def _in_api(system: System, name: str) -> bool:
    return bool(system.ask(f"/api/v1/stacks/default/{name}")[1]["services"]["app"]["state"] != "running")


def _in_status(system: System, name: str) -> bool:
    rows = {row["stack"]: row for row in json.loads(system.tegu("status", "--json").stdout)}
    return bool(rows[f"default/{name}"]["services"]["app"]["state"] != "running")


def _idle() -> Figure:
    time.sleep(15)  # what was stopped is looked at once more
    watching, other = (_main_process(queue("local")) for queue in (pull_queue, deploy_queue))
    before = _cpu(watching), _cpu(other)
    time.sleep(_IDLE_SECONDS)
    minute = 60 / _IDLE_SECONDS
    taken = [(_cpu(pid) - was) * minute for pid, was in zip((watching, other), before, strict=True)]
    return Figure(
        f"processor time a minute of the process that watches {STACKS} stacks",
        taken[0] * 1e3,
        unit="ms",
        remark=f"the other worker's main process, which does not: {taken[1] * 1e3:.0f} ms",
    )


def _main_process(queue: str) -> int:
    """The oldest of the processes that consume a queue."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if queue.encode() in words and b"worker" in words:
            found.append(int(each.parent.name))
    return min(found)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
