"""Waiting for a run and showing how it goes: a line that erases itself in a terminal, plain lines everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click

from app.cli.naming import Names
from app.cli.output import plural
from app.cli.progress import progress
from app.cli.result_text import result_lines, run_sentence
from app.pages.words import listed
from workers.adapters.state.run import Run
from workers.model.errors import RedisUnavailable, UnknownName
from workers.model.words import Outcome, RunStatus
from workers.services import Services

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
    names = Names.of(services.catalog)
    with progress(is_shown=not quiet) as line:
        for seen in _states(services, run):
            for stack, result in seen.stacks.items():
                if result.outcome and stack not in told:
                    told.add(stack)
                    if not quiet and result.outcome is not Outcome.UNCHANGED:
                        line.erase()
                        click.echo("\n".join(result_lines(result, names)))
            line.show(_summary(seen, told, names))
    if not quiet:
        click.echo(run_sentence(seen, names))
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


def _summary(run: Run, told: set[str], names: Names) -> str:
    if not run.stacks:
        return f"pulling {run.repo}" if run.status is RunStatus.RUNNING else "waiting for a worker"
    left = [names(stack) for stack in run.stacks if stack not in told]
    return f"{len(told)} of {plural(len(run.stacks), 'stack')}: waiting for {listed(left, 3) or 'the run to end'}"
