"""Services that share a build context behind an ignore file: the plan of one changed file in it, and a push beside it.

The repository is loose objects, as after a commit: what a clone gets in packs is read faster. `TEGU_BENCH_BEFORE` names
the `tegu` of another build, which then plans the same in turn.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.figure import Figure, by_turns, medians, seconds
from tests.git_server import Source
from workers.adapters.git import open_local
from workers.changes.closure import take_snapshot
from workers.changes.decision import is_unchanged
from workers.changes.tree import Nowhere
from workers.model.stack import Options, Stack
from workers.runtime.process import run

FILES = 5400
PATTERNS = 69
SERVICES = (1, 4)
ROUNDS = 5
PUSHES = 20
GOAL_MS = 2.0
GOAL_GROWTH = 1.2
GOAL_BEFORE = 1 / 40
TEGU = str(Path(sys.executable).with_name("tegu"))


def measure() -> Iterator[Figure]:
    """A plan against listing the context with Git, its growth with the services, and an unchanged stack."""
    with tempfile.TemporaryDirectory(prefix="tegu-bench-") as name:
        sources = [_repository(Path(name) / str(services), services) for services in SERVICES]
        few, many = (source.path.parent for source in sources)
        acts = [_plan(few, TEGU), _plan(many, TEGU), _floor(many)]
        for act in acts:
            act()
        one, four, floor = (each * 1e3 for each in medians(by_turns(acts, ROUNDS)))
        what = f"one file of {FILES:,} changed, {PATTERNS} patterns"
        start = "the floor starts Python and lists the context with git ls-tree and its sizes"
        yield Figure(f"contexts: plan, {what}, {SERVICES[-1]} services", four, floor, remark=start)
        yield Figure(f"contexts: the same against {SERVICES[0]} service", four, one, GOAL_GROWTH)
        if before := os.environ.get("TEGU_BENCH_BEFORE"):
            yield _against(before, many)
        yield _unchanged(sources[-1])


def _against(program: str, folder: Path) -> Figure:
    """One round of both: the other build may take long."""
    taken, before = medians(by_turns([_plan(folder, TEGU), _plan(folder, program)], 1))
    return Figure(f"contexts: the same against {program}", taken * 1e3, before * 1e3, GOAL_BEFORE)


def _repository(folder: Path, services: int) -> Source:
    """A working tree of two commits, the second with one changed file, and a catalog beside it."""
    folder.mkdir()
    source = Source(folder / "repo")
    patterns = [*(f"**/x{number}" for number in range(PATTERNS - 2)), "docs", "*.log"]
    files: dict[str, str | None] = {
        "app/.dockerignore": "\n".join(patterns),
        "app/Dockerfile": "FROM scratch\nCOPY . /\n",
        "app/compose.yaml": "services:\n" + "".join(f"  s{number}:\n    build: .\n" for number in range(services)),
        **{f"app/d{number % 50}/f{number}.txt": f"{number}\n" for number in range(FILES)},
    }
    source.commit(files)
    source.commit({"app/d0/f0.txt": "changed\n"})
    (folder / "tegu.yaml").write_text(
        f"repos: {{r: {{url: {source.path}, ref: main}}}}\nstacks: {{app: {{repo: r, path: app}}}}\n"
    )
    return source


def _env(folder: Path) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TEGU_CATALOG": str(folder / "tegu.yaml"),
        "TEGU_DATA_DIR": str(folder / "data"),
    }


def _plan(folder: Path, program: str) -> Callable[[], float]:
    argv = [program, "plan", "--from", "HEAD~1", "--to", "HEAD", "--json"]
    shown = ""

    def start() -> None:
        nonlocal shown
        shown = run(argv, what="tegu plan", env=_env(folder), timeout=600, cwd=folder).stdout

    def timed() -> float:
        taken = seconds(start)
        if [row["paths"] for row in json.loads(shown)] != [["app/d0/f0.txt"]]:
            message = f"the plan is wrong: {shown}"
            raise RuntimeError(message)
        return taken

    return timed


def _floor(folder: Path) -> Callable[[], float]:
    listed = ["git", "-C", str(folder / "repo"), "ls-tree", "-r", "-l", "HEAD", "app"]

    def start() -> None:
        for argv in ([sys.executable, "-c", "pass"], listed):
            run(argv, what=argv[0], env=_env(folder), timeout=60, cwd=folder)

    return lambda: seconds(start)


def _unchanged(source: Source) -> Figure:
    """The whole repository is the context, and every push changes a folder that is ignored."""
    source.commit(
        {
            "compose.yaml": "services: {" + ", ".join(f"s{number}: {{build: .}}" for number in range(4)) + "}\n",
            "Dockerfile": "FROM scratch\nCOPY . /\n",
            ".dockerignore": "docs\n**/*.log\n",
        }
    )
    stack = _stack()
    with open_local(source.path) as repo:
        record = take_snapshot(stack, repo.tree("HEAD"), Nowhere(), b"key")
        times = []
        for number in range(PUSHES):
            source.commit({"docs/note": f"{number}\n"})
            tree = repo.tree("HEAD")
            started = time.perf_counter()
            same = is_unchanged(stack, record, tree, Nowhere(), b"key")
            times.append((time.perf_counter() - started) * 1e3)
            if not same:
                message = "the stack is taken for changed"
                raise RuntimeError(message)
    what = "contexts: an unchanged stack whose context is the repository, at a push beside it"
    return Figure(what, medians([times])[0], goal=GOAL_MS)


def _stack() -> Stack:
    return Stack("default", "root", "r", "", "main", "local", "unix:///var/run/docker.sock", "root", Options())
