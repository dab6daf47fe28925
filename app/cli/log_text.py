"""What `tegu log` shows: a run with the logs of its deployments, or one deployment."""

from __future__ import annotations

import time
from typing import Any

import click

from app.cli.output import short
from workers.model.errors import UnknownName
from workers.services import Services

_BLOCK_MS = 1000
_POLL = 0.3  # seconds


class Log:
    """A run's or deployment's log.

    Args:
        services: of this process.
        identifier: a run's id, a deployment's, or a stack, whose newest deployment is meant.

    Raises:
        UnknownName: when it is neither.
    """

    def __init__(self, services: Services, identifier: str) -> None:
        self._state = services.state
        self._run = self._state.runs.get(identifier)
        self._deployment = None if self._run else self._state.deployments.get(identifier)
        if self._run is None and self._deployment is None:
            self._deployment = self._newest(services, identifier)

    def _newest(self, services: Services, name: str) -> dict[str, Any]:

        try:
            stack = services.stacks.find(name)
        except UnknownName as error:
            message = f"{name} is neither a run, nor a deployment, nor a stack"
            raise UnknownName(message) from error
        newest = self._state.deployments.list(stack.id, 1)
        if not newest:
            message = f"{stack.id} has not been deployed yet"
            raise UnknownName(message)
        return newest[0]

    def as_json(self) -> dict[str, Any]:
        """All there is, with the lines of every deployment."""
        if self._run:
            ids = _deployments_of(self._run)
            return {**self._run, "logs": {each: self._lines(each) for each in ids}}
        deployment = self._deployment or {}
        return {**deployment, "log": self._lines(deployment["id"])}

    def print(self, *, is_followed: bool) -> bool:
        """Print it; whether it ended well, as far as it has ended.

        Args:
            is_followed: go on until it has ended.
        """
        if self._run:
            return self._print_run(self._run["id"], is_followed=is_followed)
        return self._print_deployment((self._deployment or {})["id"], is_followed=is_followed)

    def _print_run(self, run: str, *, is_followed: bool) -> bool:
        told: set[str] = set()
        while True:
            state = self._state.runs.get(run) or {}
            for deployment in _deployments_of(state):
                if deployment not in told:
                    told.add(deployment)
                    self._print_deployment(deployment, is_followed=is_followed)
            for stack, result in state.get("stacks", {}).items():
                if result.get("outcome") and stack not in told:
                    told.add(stack)
                    _print_result(stack, result)
            ended = state.get("status") in {"succeeded", "failed", None}
            if ended or not is_followed:
                _print_end(state)
                return state.get("status") == "succeeded"
            time.sleep(_POLL)

    def _print_deployment(self, deployment: str, *, is_followed: bool) -> bool:
        state = self._state.deployments.get(deployment) or {}
        click.echo(
            f"── {state.get('stack')}  {state.get('action') or ''} {state.get('reason') or ''} "
            f"{short(state.get('commit'))}  {deployment}{_asker(state)}",
        )
        cursor = "0"
        while True:
            # Asked first: lines that come after the answer are read below.
            ended = state.get("status") != "running"
            wait = _BLOCK_MS if is_followed and not ended else None
            lines = self._state.deployments.read_log(deployment, cursor, wait)
            for cursor, line in lines:  # noqa: B007 (the last one is where to go on)
                click.echo(line)
            if not lines and (ended or not is_followed):
                break
            state = self._state.deployments.get(deployment) or {}
        if state.get("outcome"):
            click.echo(f"── {state['outcome']}" + (f": {state['error']}" if state.get("error") else ""))
        return state.get("status") == "succeeded"

    def _lines(self, deployment: str) -> list[str]:
        found: list[str] = []
        cursor = "0"
        while lines := self._state.deployments.read_log(deployment, cursor):
            found += [line for _, line in lines]
            cursor = lines[-1][0]
        return found


def _deployments_of(run: dict[str, Any]) -> list[str]:
    return [result["deployment"] for result in run.get("stacks", {}).values() if result.get("deployment")]


def _asker(state: dict[str, Any]) -> str:
    """What triggered a deployment, and who, where that is known."""
    words = [word for word in (state.get("trigger"), state.get("who")) if word]
    return f"  ({' by '.join(words)})" if words else ""


def _print_result(stack: str, result: dict[str, Any]) -> None:
    line = f"{stack}  {result['outcome']}  {result.get('action') or ''} {result.get('reason') or ''}"
    click.echo(line.rstrip() + (f"  {result['message']}" if result.get("message") else ""))


def _print_end(state: dict[str, Any]) -> None:
    errors = [pull["error"] for pull in state.get("pulls", {}).values() if pull.get("error")]
    click.echo("; ".join([f"run {state.get('id')} {state.get('status')}", *errors]))
