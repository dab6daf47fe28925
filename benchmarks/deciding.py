"""Deciding one unchanged stack, in process: lookups in trees that are cached by id, whatever the repository's size.

Every stack of a repository is decided at each of several new commits that touch another stack, as pulls do; what a
new commit has to have read first is in there with whoever comes by first, and so in the mean, not in the median.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure, by_turns, medians
from benchmarks.repositories import make_repository, stack_files
from workers.changes.closure import take_snapshot
from workers.changes.decision import is_unchanged
from workers.changes.snapshot import Snapshot
from workers.git import Clone
from workers.model import Options, Repo, Stack
from workers.services import HostFiles

_KEY = b"benchmark"
_COMMITS = 30
_GOAL_MS = 0.1
_GOAL_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Ground:
    """A clone, the commits after the one that is deployed, and what is recorded of its stacks, as Redis has it."""

    clone: Clone
    commits: list[str]
    stacks: list[Stack]
    records: list[str]
    outside: list[HostFiles]


def measure() -> Iterator[Figure]:
    """The median for a repository of 100,000 files, and how it grew from one of 1,000."""
    with tempfile.TemporaryDirectory(prefix="tegu-bench-") as folder:
        small = _ground(Path(folder), "small", stacks=100, files=10)
        large = _ground(Path(folder), "large", stacks=1000, files=100)
        try:
            yield from _figures(small, large)
        finally:
            small.clone.close()
            large.clone.close()


def _figures(small: Ground, large: Ground) -> Iterator[Figure]:
    kinds: list[Callable[[], float]] = [_rounds(ground, parse=parse) for ground in (small, large) for parse in (False, True)]
    times = by_turns(kinds, _COMMITS - 1)
    small_ms, small_parsed, large_ms, large_parsed = medians(times)
    means = [statistics.mean(each) for each in _MEANS.values()]
    _MEANS.clear()
    yield Figure(
        "deciding one unchanged stack of a repository of 100,000 files",
        large_ms,
        goal=_GOAL_MS,
        remark=f"median; mean {means[2]:.3f} ms with reading each new commit; {large_parsed:.3f} ms with its record "
        "read from JSON",
    )
    yield Figure(
        "the same against a repository of 1,000 files",
        large_ms,
        small_ms,
        goal=_GOAL_GROWTH,
        remark=f"with records read from JSON {large_parsed / small_parsed:.2f}×",
    )
