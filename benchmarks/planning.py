"""`tegu plan --from A --to B --json` on a repository of 1000 stacks with one changed file, as a pull request calls it.

The whole process is timed, from its start to its end. What Python and the command line cost before anything is done is
measured beside it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.figure import Figure, by_turns, medians, seconds
from benchmarks.repositories import compose_file, make_repository, stack_files
from workers.runtime.process import run

STACKS = 1000
ROUNDS = 11
GOAL_MS = 300.0
TEGU = str(Path(sys.executable).with_name("tegu"))


def measure() -> Iterator[Figure]:
    """How long a plan takes, and how much of it is starting up."""
    with tempfile.TemporaryDirectory(prefix="tegu-bench-") as name:
        folder = Path(name)
        first = {path: text for number in range(STACKS) for path, text in stack_files(f"s{number}").items()}
        changes = {
            "one Compose file changed": {"services/s7/compose.yaml": compose_file("sleep 2000")},
            "one mounted file changed": {"services/s7/config/003.conf": "value = new\n"},
        }
        before, *after = make_repository(folder / "source.git", [first, *changes.values()])
        (folder / "tegu.yaml").write_text(
            f"repos:\n  bench:\n    url: {folder}/source.git\n    ref: main\n    discover: ['services/*']\n"
        )
        commits = [before, *after]
        plans = [_timed(folder, [TEGU, *_plan(*pair)], _check) for pair in zip(commits, after, strict=False)]
        starts = [_timed(folder, argv) for argv in ([sys.executable, "-c", "pass"], [TEGU, "--version"])]
        for act in (*plans, *starts):
            act()
        python, version, *planned = (each * 1e3 for each in medians(by_turns([*starts, *plans], ROUNDS)))
    start = f"of that, {python:.0f} ms are python -c pass, and {version:.0f} ms are tegu --version"
    for what, taken in zip(changes, planned, strict=True):
        yield Figure(f"tegu plan --from --to, 1000 stacks, {what}", taken, goal=GOAL_MS, remark=start)


def _plan(before: str, after: str) -> list[str]:
    return ["plan", "--from", before, "--to", after, "--json"]


def _timed(folder: Path, argv: Sequence[str], check: Callable[[str], None] = lambda _: None) -> Callable[[], float]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TEGU_CATALOG": str(folder / "tegu.yaml"),
        "TEGU_DATA_DIR": str(folder / "data"),
    }
    shown = ""

    def start() -> None:
        nonlocal shown
        shown = run(argv, what=Path(argv[0]).name, env=env, timeout=60, cwd=folder).stdout

    def timed() -> float:
        taken = seconds(start)
        check(shown)
        return taken

    return timed


def _check(shown: str) -> None:
    rows = json.loads(shown)
    changed = [row["stack"] for row in rows if row["action"] != "none"]
    if len(rows) != STACKS or changed != ["default/s7"]:
        message = f"the plan is wrong: {len(rows)} stacks, of which {changed} changed"
        raise RuntimeError(message)
