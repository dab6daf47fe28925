"""How soon it shows what somebody does to one of fifty stacks by hand.

Every stack really runs. A container is stopped with `docker stop`, and the time counts from when that has returned.
What watching costs while nothing happens is in `footprint`.
"""

from __future__ import annotations

import json
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

STACKS = 50
ROUNDS = 8
GOAL = 1000.0


def measure() -> Iterator[Figure]:
    """The delays."""
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
