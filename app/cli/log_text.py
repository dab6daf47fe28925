"""What `tegu log` shows: a run with the logs of its deployments, or one deployment."""

from __future__ import annotations

import time
from typing import Any

import click

from app.cli.naming import Names
from app.cli.output import say, short, tinted
from app.cli.result_text import result_lines, run_sentence
from app.pages import words
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.run import Run
from workers.deploy.known import find_known
from workers.model.errors import UnknownName
from workers.model.messages import visible
from workers.model.words import Outcome, RunStatus
from workers.services import Services

_BLOCK_MS = 1000
_POLL = 0.3  # seconds
_MOST_WAITING = 30  # stacks of a run that are looked at for what is under way


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
        self._names = Names.of(services.catalog)
        self._found: Run | RecordedDeployment = (
            self._state.runs.get(identifier)
            or self._state.deployments.get(identifier)
            or self._newest(services, identifier)
        )

    def _newest(self, services: Services, name: str) -> RecordedDeployment:

        try:
            stack = find_known(services, name)
        except UnknownName as error:
            message = f"{name} is neither a run, nor a deployment, nor a stack"
            raise UnknownName(message, name) from error
        newest = self._state.deployments.list(stack.id, 1)
        if not newest:
            message = f"{stack.id} has not been deployed yet"
            raise UnknownName(message)
        return newest[0]

    def as_json(self) -> dict[str, Any]:
        """All there is, with the lines of every deployment."""
        if isinstance(self._found, Run):
            return {**self._found.to_json(), "logs": {each: self._lines(each) for each in self._found.deployments}}
        return {**self._found.to_json(), "log": self._lines(self._found.id)}

    def print(self, *, is_followed: bool) -> bool:
        """Print it; whether it ended well, as far as it has ended.

        Args:
            is_followed: go on until it has ended.
        """
        if isinstance(self._found, Run):
            return self._print_run(self._found, is_followed=is_followed)
        return self._print_deployment(self._found.id, is_followed=is_followed)

    def _print_run(self, run: Run, *, is_followed: bool) -> bool:
        told: set[str] = set()
        while True:
            seen = self._state.runs.get(run.id)
            run = seen or run
            for deployment in (*run.deployments, *self._under_way(run)):
                if deployment not in told:
                    told.add(deployment)
                    self._print_deployment(deployment, is_followed=is_followed)
            for stack, result in run.stacks.items():
                if result.outcome and stack not in told:
                    told.add(stack)
                    click.echo("\n".join(result_lines(result, self._names)))
            if seen is None or run.status.ended or not is_followed:
                click.echo(run_sentence(run, self._names))
                return run.status is RunStatus.SUCCEEDED
            time.sleep(_POLL)

    def _under_way(self, run: Run) -> list[str]:
        """The deployments that a run waits for, the first ones of many."""
        waiting = [stack for stack, result in run.stacks.items() if result.outcome is None]
        found = self._state.deployments.under_way(waiting[:_MOST_WAITING])
        return [each.id for each in found if each.run == run.id]

    def _print_deployment(self, deployment: str, *, is_followed: bool) -> bool:
        found = self._state.deployments.get(deployment)
        say(_heading(deployment, found, self._names))
        cursor = "0"
        while True:
            # Asked first: lines that come after the answer are read below.
            ended = found is None or found.status.ended
            wait = _BLOCK_MS if is_followed and not ended else None
            lines = self._state.deployments.read_log(deployment, cursor, wait)
            for cursor, line in lines:  # noqa: B007 (the last one is where to go on)
                say(line)
            if not lines and (ended or not is_followed):
                break
            found = self._state.deployments.get(deployment)
        if found is not None and found.outcome:
            said = f": {visible(self._names.within(found.error))}" if found.error else ""
            _, word = words.OUTCOME[found.outcome]
            click.echo(f"── {tinted(word)}{said}")
        return found is not None and found.status is RunStatus.SUCCEEDED

    def _lines(self, deployment: str) -> list[str]:
        found: list[str] = []
        cursor = "0"
        while lines := self._state.deployments.read_log(deployment, cursor):
            found += [line for _, line in lines]
            cursor = lines[-1][0]
        return found


def _heading(deployment: str, found: RecordedDeployment | None, names: Names) -> str:
    """What a deployment's log begins with; `None` is one that has expired, of which only lines may be left."""
    if found is None:
        return f"── {deployment}, of which nothing else is known any more"
    did = words.done(found.action) if found.outcome is Outcome.DEPLOYED else ""
    why = ": ".join(filter(None, (did, words.why(found.reason))))
    by = f"by {words.triggered(found.trigger, found.who)}" if found.trigger else ""
    return f"── {names(found.stack)} {deployment}: {', '.join(filter(None, (why, short(found.commit), by)))}"
