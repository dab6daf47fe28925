"""Deciding one unchanged stack, in process: lookups in trees that are cached by id, whatever the repository's size.

Every stack is decided at each of several new commits that touch some other file, as a pull does it. What a new
commit has to have read first falls to whoever comes first, and so shows in the mean, not in the median.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.repositories import make_repository, stack_files
from workers.adapters.git.clone import Clone
from workers.changes.closure import take_snapshot
from workers.changes.decision import is_unchanged
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Tree
from workers.model.stack import Options, Repo, Stack
from workers.services import HostFiles

_KEY = b"benchmark"
_COMMITS = 20
_GOAL_MS = 0.1
_GOAL_GROWTH = 1.5


class Ground:
    """A clone, what is recorded of its stacks, and how long each decision took, in milliseconds.

    Args:
        folder: where it is made.
        stacks: how many.
        files: how many each has.
    """

    def __init__(self, folder: Path, *, stacks: int, files: int) -> None:
        folder.mkdir()
        source = folder / "source.git"
        first = {
            path: text for number in range(stacks) for path, text in stack_files(f"s{number}", files=files).items()
        }
        later = [{"services/s0/README.md": f"# {number}\n"} for number in range(_COMMITS)]
        deployed, *self.commits = make_repository(source, [first, *later])
        self._clone = Clone(Repo("bench", str(source), "main"), folder)
        self._clone.fetch(["main"])
        self._stacks = [_stack(f"s{number}") for number in range(stacks)]
        self._outside = [HostFiles(str(folder / "stacks" / stack.name), {"HOME": "/root"}) for stack in self._stacks]
        tree = self._clone.tree(deployed)
        self._records = [
            take_snapshot(stack, tree, outside, _KEY)
            for stack, outside in zip(self._stacks, self._outside, strict=True)
        ]
        self._texts = [json.dumps(record.to_json()) for record in self._records]
        self.decided: list[float] = []
        self.decided_from_text: list[float] = []

    def decide_all(self, commit: str) -> None:
        """Decide every stack at a commit."""

        def decide(place: int, record: Snapshot) -> bool:
            tree: Tree = self._clone.tree(commit)
            return is_unchanged(self._stacks[place], record, tree, self._outside[place], _KEY)

        for place, record in enumerate(self._records):
            self.decided.append(_milliseconds(lambda place=place, record=record: decide(place, record)))  # type: ignore[misc]
        for place, text in enumerate(self._texts):
            self.decided_from_text.append(
                _milliseconds(lambda place=place, text=text: decide(place, Snapshot.from_json(json.loads(text))))  # type: ignore[misc]
            )

    def close(self) -> None:
        """End the clone's readers."""
        self._clone.close()


def measure() -> Iterator[Figure]:
    """The median in a repository of 100,000 files, and how it grew from one of 1,000."""
    with tempfile.TemporaryDirectory(prefix="tegu-bench-") as folder:
        grounds = [
            Ground(Path(folder) / "small", stacks=100, files=10),
            Ground(Path(folder) / "large", stacks=1000, files=100),
        ]
        for commits in zip(*(ground.commits for ground in grounds), strict=True):
            for ground, commit in zip(grounds, commits, strict=True):
                ground.decide_all(commit)
        for ground in grounds:
            ground.close()
    small, large = (statistics.median(ground.decided) for ground in grounds)
    mean = statistics.mean(grounds[1].decided)
    texts = [statistics.median(ground.decided_from_text) for ground in grounds]
    remark = f"mean {mean:.3f} ms with reading each new commit; {texts[1]:.3f} ms with parsing its record's JSON"
    yield Figure("one unchanged stack among 100,000 files", large, goal=_GOAL_MS, remark=remark)
    remark = f"{texts[1] / texts[0]:.2f}-fold with parsing"
    yield Figure("the same, against 1,000 files", large, small, goal=_GOAL_GROWTH, remark=remark)


def _milliseconds(decide: Callable[[], bool]) -> float:
    started = time.perf_counter()
    unchanged = decide()
    taken = time.perf_counter() - started
    if not unchanged:
        message = "a stack was decided to have changed, which none has"
        raise RuntimeError(message)
    return taken * 1000


def _stack(name: str) -> Stack:
    host = "unix:///var/run/docker.sock"
    return Stack("default", name, "bench", f"services/{name}", "main", "local", host, f"bench-{name}", Options())
