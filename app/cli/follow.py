"""Waiting for a run and showing how it goes: a live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from app.cli.output import STYLES, console, short
from workers.model.errors import RedisUnavailable, UnknownName
from workers.services import Services

_POLL = 0.2  # seconds
_PATIENCE = 30.0  # seconds without Redis until waiting is given up; the run goes on without us
_ENDED = frozenset({"succeeded", "failed"})


def follow(services: Services, run: str, *, quiet: bool = False) -> dict[str, Any]:
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
        for state in _states(services, run):
            for stack, result in state["stacks"].items():
                if result.get("outcome") and stack not in told:
                    told.add(stack)
                    if not quiet and result["outcome"] != "unchanged":
                        _tell(stack, result)
            show(_summary(state, told))
    if not quiet:
        _conclude(state)
    return state


def _states(services: Services, run: str) -> Iterator[dict[str, Any]]:
    """The run, again and again until it has ended; a Redis that is away for a moment is waited for."""
    lost = 0.0
    while True:
        try:
            state = services.state.runs.get(run)
        except RedisUnavailable:
            lost = lost or time.monotonic()
            if time.monotonic() - lost > _PATIENCE:
                raise
        else:
            lost = 0.0
            if state is None:
                message = f"run {run} is gone; `tegu runs` lists those there are"
                raise UnknownName(message)
            yield state
            if state["status"] in _ENDED:
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


def _summary(state: dict[str, Any], told: set[str]) -> str:
    if not state["stacks"]:
        return f"{state['status']}: {', '.join(state['pulls']) or 'waiting for a worker'}"
    left = [stack for stack in state["stacks"] if stack not in told]
    return f"{len(told)} of {len(state['stacks'])} stacks looked at; waiting for {', '.join(left[:3]) or 'nothing'}"


def _tell(stack: str, result: dict[str, Any]) -> None:
    from rich.text import Text  # noqa: PLC0415

    line = Text(f"{stack}  ")
    line.append(result["outcome"], style=STYLES.get(result["outcome"], ""))
    line.append(f"  {result.get('action') or ''} {result.get('reason') or ''} {short(result.get('commit'))}".rstrip())
    if result.get("message"):
        line.append(f"\n    {result['message']}")
    if result.get("deployment") and result["outcome"] in {"failed", "rolled_back"}:
        line.append(f"\n    tegu log {result['deployment']}")
    console().print(line, soft_wrap=True)


def _conclude(state: dict[str, Any]) -> None:
    unchanged = sum(1 for result in state["stacks"].values() if result.get("outcome") == "unchanged")
    parts = [f"run {state['id']} {state['status']}"]
    if unchanged:
        parts.append(f"{unchanged} unchanged")
    problems = [f"{worker}: {pull['error']}" for worker, pull in state["pulls"].items() if pull.get("error")]
    if not problems and state.get("error"):
        problems = [state["error"]]  # a pull's is the run's, too
    click.echo("; ".join([*parts, *problems]))
