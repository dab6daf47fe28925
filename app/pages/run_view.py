"""A run as a picture: when it was pulled, and each stack's deployment with its steps, on one line of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from app.pages import words
from app.pages.moments import Times, lasting, seconds_between
from app.pages.words import Tone
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Run
from workers.adapters.state.state import State

WIDTH = 1000
"""Of the picture, in its own units."""
_THINNEST = 3
_MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time: where it begins and how wide it is, in units of the picture; `title` says what it is."""

    x: int
    width: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture.

    Attributes:
        name: what it is of.
        url: its page, if it has one.
        tone: how it is coloured.
        word: where it stands.
        took: how long it took or takes already.
        bars: in order of time.
    """

    name: str
    url: str | None
    tone: Tone
    word: str
    took: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A run's picture; `hidden` counts the stacks that have no row, since they are too many."""

    rows: tuple[Row, ...]
    took: str
    hidden: int = 0


def read_deployments(state: State, runs: Iterable[Run], most: int = _MOST_ROWS) -> tuple[RecordedDeployment, ...]:
    """The deployments of runs: so many of those that have ended in each, and of those under way what pictures show."""
    shown = tuple(runs)
    ended = state.deployments.get_many(each for run in shown for each in run.deployments[:most])
    open_ = [stack for run in shown for stack in waiting_stacks(run)[:_MOST_ROWS]]
    return (*ended, *state.deployments.under_way(dict.fromkeys(open_)))


def waiting_stacks(run: Run) -> tuple[str, ...]:
    """The stacks that a run still waits for."""
    return tuple(result.stack for result in run.stacks.values() if result.outcome is None)


def picture(run: Run, deployments: Iterable[RecordedDeployment], times: Times) -> Picture:
    """Draw a run. It begins when it was asked for, and ends now where it has not ended."""
    scale = _Scale(run.started_at or run.queued_at or "", run.finished_at or times.now.isoformat())
    waiting = waiting_stacks(run)
    own = [each for each in deployments if each.id in run.deployments or (each.stack in waiting and not each.outcome)]
    rows = [*_pulls(run, own, scale)]
    rows += [_deployment(each, scale) for each in sorted(own, key=lambda each: each.started_at)]
    busy = {each.stack for each in own}
    rows += [Row(stack, _url(stack), Tone.QUIET, "waits", "", ()) for stack in waiting if stack not in busy]
    took = lasting(seconds_between(run.started_at or run.queued_at, scale.end))
    return Picture(tuple(rows[:_MOST_ROWS]), took, max(0, len(rows) - _MOST_ROWS))


class _Scale:
    """From times to places in the picture."""

    def __init__(self, start: str, end: str) -> None:
        self.start = start
        self.end = end
        self._whole = max(seconds_between(start, end) or 0.0, 0.001)

    def bar(self, start: str, end: str, kind: str, what: str) -> Bar:
        left = self._place(start)
        width = max(self._place(end) - left, _THINNEST)
        said = lasting(seconds_between(start, end))
        return Bar(min(left, WIDTH - width), width, kind, f"{what}: {said}")

    def _place(self, at: str) -> int:
        share = (seconds_between(self.start, at) or 0.0) / self._whole
        return round(min(max(share, 0.0), 1.0) * WIDTH)


def _pulls(run: Run, deployments: Iterable[RecordedDeployment], scale: _Scale) -> Iterable[Row]:
    """When a worker's pull ended is not noted: no later than the first deployment began."""
    first = min((each.started_at for each in deployments), default=scale.end)
    for worker, pull in run.pulls.items():
        tone, word = words.PULL[pull.status]
        bars = (scale.bar(scale.start, first, "pull", "pull"),) if run.started_at else ()
        name = "pull" if len(run.pulls) == 1 else f"pull on {worker}"
        yield Row(name, None, tone, word, "", bars)


def _deployment(deployment: RecordedDeployment, scale: _Scale) -> Row:
    ended = deployment.finished_at or (scale.end if deployment.outcome is None else None)
    tone, word = words.OUTCOME[deployment.outcome] if deployment.outcome else (Tone.BUSY, "deploying")
    bars = step_bars(deployment, ended or scale.end, scale.bar)
    took = lasting(seconds_between(deployment.started_at, ended))
    return Row(deployment.stack, f"/deployments/{quote(deployment.id)}", tone, word, took, bars)


def step_bars(deployment: RecordedDeployment, end: str, bar: Callable[[str, str, str, str], Bar]) -> tuple[Bar, ...]:
    """The steps of a deployment as stretches of time; what has not ended goes on until `end`."""
    found, at = [], deployment.started_at
    for place, step in enumerate(deployment.steps):
        found.append(bar(at, step.at, f"step{place % 2}", step.name))
        at = step.at
    if deployment.outcome is None:
        found.append(bar(at, end, "under-way", "under way"))
    return tuple(found)


def _url(stack: str) -> str:
    return f"/stacks/{quote(stack)}"


def counted(stacks: Mapping[str, StackResult]) -> tuple[tuple[Tone, str], ...]:
    """How many stacks ended how, the worst first: `1 failed`, `2 deployed`, `12 unchanged`, `3 wait`."""
    order = (Tone.BAD, Tone.WARN, Tone.BUSY, Tone.GOOD, Tone.QUIET)
    counts: dict[tuple[Tone, str], int] = {}
    for result in stacks.values():
        said = words.OUTCOME[result.outcome] if result.outcome else (Tone.BUSY, "to come")
        counts[said] = counts.get(said, 0) + 1
    found = sorted(counts.items(), key=lambda item: order.index(item[0][0]))
    return tuple((tone, f"{count} {word}") for (tone, word), count in found)
