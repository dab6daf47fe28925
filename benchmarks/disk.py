"""The data directory for 30 deployed stacks of one repository, against one bare clone and one checkout of it.

The stacks are really deployed, and Redis lies in the data directory. The repository is of the size that such
repositories have: ten files of configuration for each stack, some of them large, and a history of 300 commits.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.repositories import Files, git, make_repository, stack_files
from tests.e2e.system import System

STACKS = 30
GOAL = 1.1
_HISTORY = 300
_BLOCK = 512  # bytes, of which `st_blocks` counts


def measure() -> Iterator[Figure]:
    """The ratio, and what lies where."""
    folder = Path(tempfile.mkdtemp(prefix="tegu-bench-"))
    system = System(folder)
    try:
        make_repository(system.served, _commits())
        git("pull", "--quiet", str(system.served), "main", cwd=system.work)
        system.start()
        commit = git("rev-parse", "main", cwd=system.served).strip()
        run = system.follow(system.send_push(commit)[1]["run"], 300)
        ended = [part["outcome"] for part in run["stacks"].values()]
        if len(ended) != STACKS or set(ended) - {"deployed", "unchanged"}:
            message = f"not every stack was deployed: {run}"
            raise RuntimeError(message)
        yield _figure(system)
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _figure(system: System) -> Figure:
    bare, checkout = system.folder / "bare.git", system.folder / "checkout"
    url = f"file://{system.served}"
    git("clone", "--quiet", "--bare", url, str(bare), cwd=system.folder)
    git("clone", "--quiet", url, str(checkout), cwd=system.folder)
    shutil.rmtree(checkout / ".git")
    parts = {name: used(system.data / name) for name in ("repos", "stacks", "state", "redis")}
    shown = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in parts.items())
    floor = f"bare clone {used(bare) / 1e6:.1f} MB, checkout {used(checkout) / 1e6:.1f} MB"
    return Figure(
        f"data directory of {STACKS} deployed stacks",
        used(system.data) / 1e6,
        (used(bare) + used(checkout)) / 1e6,
        GOAL,
        "MB",
        f"{shown}; {floor}",
    )


def used(folder: Path) -> int:
    """The bytes that a folder takes on the disk, as `du` counts them."""
    found = [folder, *folder.rglob("*")]
    return sum(each.lstat().st_blocks * _BLOCK for each in found if os.path.lexists(each))


def _commits() -> Iterator[Files]:
    """Stacks whose largest file hardly compresses, then changes of single files."""
    chance = random.Random(7)
    first: dict[str, str | bytes | None] = {}
    for number in range(STACKS):
        first |= stack_files(f"s{number}")
        first[f"services/s{number}/config/rules.dat"] = chance.randbytes(200_000)
        first[f"services/s{number}/config/page.html"] = "".join(f"<p>{each}</p>\n" for each in range(2000))
    yield first
    for number in range(_HISTORY):
        yield {f"services/s{number % STACKS}/config/000.conf": f"value = {number}\n"}
