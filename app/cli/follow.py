"""Waiting for a run and showing how it goes: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.output import STYLES, console, say, short
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Run
from workers.adapters.state.summary import summary, word_of
from workers.model.errors import RedisUnavailable, UnknownName
from workers.model.messages import visible
from workers.model.words import Outcome
from workers.runtime.late import late
from workers.services import Services

if TYPE_CHECKING:
    import rich.text
else:
    rich = late("rich", "text")

_POLL = 0.2  # seconds
_PATIENCE = 30.0  # seconds without Redis until waiting is given up; the run goes on without us


def follow(services: Services, run: str, *, quiet: bool = False) -> Run:
    """Wait until a run has ended, telling of each stack as it ends.

    Args:
        services: of this process.
        run: its id.
        quiet: say nothing, for `--json`.

    Returns:
        The run.

    Raises:
        RedisUnavailable: when Redis stays away.
        UnknownName: when the run is gone.
    """
    told: set[str] = set()
    with _progress(quiet=quiet) as show:
        for seen in _states(services, run):
            for stack, result in seen.stacks.items():
                if result.outcome and stack not in told:
                    told.add(stack)
                    if not quiet and result.outcome is not Outcome.UNCHANGED:
                        _tell(result)
            show(_summary(seen, told))
    if not quiet:
        _conclude(seen)
    return seen


def _states(services: Services, run: str) -> Iterator[Run]:
    """The run, again and again until it has ended; a Redis that is away for a moment is waited for."""
    lost = 0.0
    while True:
        try:
            seen = services.state.runs.get(run)
        except RedisUnavailable:
            lost = lost or time.monotonic()
            if time.monotonic() - lost > _PATIENCE:
                raise
        else:
            lost = 0.0
            if seen is None:
                message = f"run {run} is gone; `tegu runs` lists those there are"
                raise UnknownName(message)
            yield seen
            if seen.status.ended:
                return
        time.sleep(_POLL)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line that is rewritten in a terminal; nothing elsewhere."""
    screen = console(errors=True)
    if quiet or not screen.is_terminal:
        yield lambda _: None
        return
    with screen.status("queued") as status:
        yield status.update


def _summary(run: Run, told: set[str]) -> str:
    if not run.stacks:
        return f"{run.status}: {', '.join(run.pulls) or 'waiting for a worker'}"
    left = [stack for stack in run.stacks if stack not in told]
    return f"{len(told)} of {len(run.stacks)} stacks looked at; waiting for {', '.join(left[:3]) or 'nothing'}"


def _tell(result: StackResult) -> None:
    outcome = str(result.outcome)
    line = rich.text.Text(f"{result.stack}  ")
    line.append(word_of(result) if result.still else outcome, style=STYLES.get(outcome, ""))
    line.append(f"  {result.action or ''} {result.reason or ''} {short(result.commit)}".rstrip())
    if result.message:
        line.append(visible("".join(f"\n    {said}" for said in result.message.splitlines())))
    if result.deployment and result.outcome in {Outcome.FAILED, Outcome.ROLLED_BACK}:
        line.append(f"\n    tegu log {result.deployment}")
    console().print(line, soft_wrap=True)


def _conclude(run: Run) -> None:
    problems = [f"{worker}: {error}" for worker, error in run.pull_errors.items()]
    if not problems and run.error:
        problems = [run.error]  # a pull's is the run's, too
    say("; ".join([f"run {run.id} {run.status}", *problems]))
    say(summary(run.stacks.values(), run.started_at, run.finished_at))
