"""What a benchmark says: one question, what was measured, what nobody can beat, and whether that is near enough."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        question: what was asked, in words.
        measured: what Tegu took, in `unit`.
        floor: what cannot be beaten, in the same unit; None where there is no such thing.
        goal: the most that the ratio may be; where there is no floor, the most that `measured` may be. None: this
            line only informs.
        unit: of `measured` and `floor`.
        remark: what to know when reading it, and where the rest goes.
    """

    question: str
    measured: float
    floor: float | None = None
    goal: float | None = None
    unit: str = "ms"
    remark: str = ""

    @property
    def ratio(self) -> float | None:
        """How often the floor fits into what was measured."""
        return self.measured / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        compared = self.measured if self.floor is None else self.ratio
        return compared is not None and compared <= self.goal

    def to_json(self) -> dict[str, object]:
        """As an object of the list that `--json` prints."""
        return asdict(self) | {"ratio": self.ratio, "met": self.met}


def seconds(act: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def by_turns(acts: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Call each in turn, again and again, so that whatever else the machine does meets all of them alike.

    Args:
        acts: each takes its own time and returns it.
        rounds: how often.

    Returns:
        The times of each.
    """
    times: list[list[float]] = [[] for _ in acts]
    for turn in range(rounds):
        order = list(enumerate(acts))
        for place, act in order if turn % 2 == 0 else reversed(order):
            times[place].append(act())
    return times


def medians(times: Sequence[Sequence[float]]) -> list[float]:
    """The median of each."""
    return [statistics.median(each) for each in times]
