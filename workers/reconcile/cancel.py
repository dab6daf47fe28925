"""What ends a deployment at its next safe point, and takes back what waits; asked for like `requests`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.results import StackResult
from workers.model.errors import UnknownName, UserError
from workers.model.stack import Stack
from workers.model.words import Action, Outcome, Reason, RunStatus
from workers.services import Services


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What was ordered to end.

    Attributes:
        stack: whose.
        deployment: the one that is to stop, if one is under way.
        run: that of the deployment, or the last of those that waited.
        waiting: the runs in which the stack's part was ended since it only waited there.
    """

    stack: str
    deployment: str | None
    run: str | None
    waiting: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As API and command line show it."""
        known = {"stack": self.stack, "deployment": self.deployment, "run": self.run}
        return known | {"waiting": list(self.waiting)}


def request_cancel(services: Services, name: str, *, who: str) -> Cancellation:
    """Order a deployment stopped at the next safe point; of a stack, also what waits for its turn.

    Args:
        services: the process's.
        name: a deployment's id, or a stack.
        who: who orders it.

    Raises:
        UnknownName: there is neither a deployment nor a stack of this name.
        UserError: there is nothing to cancel.
    """
    deployment = services.state.deployments.get(name)
    if deployment is not None:
        if not _is_under_way(services, deployment):
            message = f"deployment {name} is not under way any more: {deployment.outcome or 'it was interrupted'}"
            raise UserError(message)
        services.state.cancellations.ask(name, who)
        return Cancellation(deployment.stack, name, deployment.run)
    stack = _stack_to_cancel(services, name)
    waiting = _cancel_waiting(services, stack, who)
    under_way, _ = cancellable(services, stack)
    if under_way is not None:
        services.state.cancellations.ask(under_way.id, who)
        return Cancellation(stack.id, under_way.id, under_way.run, waiting)
    if not waiting:
        message = f"nothing of {stack.id} is under way"
        raise UserError(message)
    return Cancellation(stack.id, None, waiting[-1], waiting)


def cancellable(services: Services, stack: Stack) -> tuple[RecordedDeployment | None, bool]:
    """What of a stack can be cancelled: the deployment under way, and whether a run waits for it.

    Raises:
        RedisUnavailable: nobody knows.
    """
    newest = services.state.deployments.list(stack.id, 1)
    under_way = newest[0] if newest and _is_under_way(services, newest[0]) else None
    return under_way, services.state.facts([stack.id])[stack.id].waiting


def _is_under_way(services: Services, deployment: RecordedDeployment) -> bool:
    """Whether somebody is at it: one that was killed says for ever that it runs, but nobody holds its lock."""
    stack = deployment.stack
    return deployment.status is RunStatus.RUNNING and services.state.facts([stack])[stack].leased


def _stack_to_cancel(services: Services, name: str) -> Stack:
    try:
        return services.stacks.find(name)
    except UnknownName as error:
        message = f"there is neither a deployment nor a stack {name}"
        raise UnknownName(message) from error


def _cancel_waiting(services: Services, stack: Stack, who: str) -> tuple[str, ...]:
    """End the stack's part in every run that waits for it and that nobody has begun with, or may begin with yet."""
    runs = services.state.runs
    message = f"cancelled by {who} while it waited; the next look deploys it, unless it is paused (`tegu pause`)"
    result = StackResult(stack.id, Action.NONE, Reason.WAITING, Outcome.CANCELLED, message=message)
    held_back = runs.finish_held_back(result)
    waiting = runs.take(stack.id, f"cancelled by {who}")
    runs.finish(waiting, result)
    return tuple(sorted({*held_back, *waiting}))
