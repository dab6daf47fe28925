"""What ends a deployment at its next safe point, and takes back what waits; asked for like `requests`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
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
    return _cancel_stack(services, _stack_to_cancel(services, name).id, who)


def request_cancel_run(services: Services, name: str, *, who: str) -> tuple[Cancellation, ...]:
    """Order what `request_cancel` does for every stack that a run still waits for, those that come after others first.

    What is only being looked at goes on: it ends by itself, at once.

    Args:
        services: the process's.
        name: the run's id.
        who: who orders it.

    Raises:
        UnknownName: there is no such run.
        UserError: there is nothing to cancel.
    """
    found = []
    for stack in _last_first(open_stacks(services, name), services.state.open_runs.held_back(name)):
        with suppress(UserError):  # it has ended meanwhile
            found.append(_cancel_stack(services, stack, who))
    if not found:
        message = f"nothing of run {name} can be cancelled: no deployment is under way, and none waits for its turn"
        raise UserError(message)
    return tuple(found)


def open_stacks(services: Services, run: str) -> tuple[str, ...]:
    """The stacks that a run still waits for.

    Raises:
        UnknownName: there is no such run.
    """
    found = services.state.runs.get(run)
    if found is None:
        message = f"there is no run {run}"
        raise UnknownName(message)
    return tuple(result.stack for result in found.stacks.values() if result.outcome is None)


def _last_first(stacks: Iterable[str], behind: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Whoever loses the one that it comes after is blocked, so it is cancelled before."""
    open_ = frozenset(stacks)
    order = TopologicalSorter({stack: open_.intersection(behind.get(stack, ())) for stack in sorted(open_)})
    return tuple(reversed([*order.static_order()]))


def _cancel_stack(services: Services, stack: str, who: str) -> Cancellation:
    waiting = _cancel_waiting(services, stack, who)
    under_way = cancellable(services, stack).deployment
    if under_way is not None:
        services.state.cancellations.ask(under_way.id, who)
        return Cancellation(stack, under_way.id, under_way.run, waiting)
    if not waiting:
        message = f"nothing of {stack} is under way"
        raise UserError(message)
    return Cancellation(stack, None, waiting[-1], waiting)


@dataclass(frozen=True, slots=True)
class Cancellable:
    """What of a stack can be cancelled.

    Attributes:
        deployment: the one under way.
        is_waiting: whether a run waits for its turn.
        behind: the stacks that it waits for.
    """

    deployment: RecordedDeployment | None
    is_waiting: bool
    behind: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.deployment is not None or self.is_waiting or bool(self.behind)


def cancellable(services: Services, stack: str) -> Cancellable:
    """What of a stack can be cancelled.

    Raises:
        RedisUnavailable: nobody knows.
    """
    newest = services.state.deployments.list(stack, 1)
    under_way = newest[0] if newest and _is_under_way(services, newest[0]) else None
    is_waiting = services.state.facts([stack])[stack].waiting
    return Cancellable(under_way, is_waiting, services.state.open_runs.awaited_by(stack))


def _is_under_way(services: Services, deployment: RecordedDeployment) -> bool:
    """Whether somebody is at it: one that was killed says for ever that it runs, but nobody holds its lock."""
    stack = deployment.stack
    return deployment.status is RunStatus.RUNNING and services.state.facts([stack])[stack].leased


def _stack_to_cancel(services: Services, name: str) -> Stack:
    try:
        return services.stacks.find(name)
    except UnknownName as error:
        message = f"no deployment, stack or run is called {name}"
        raise UnknownName(message) from error


def _cancel_waiting(services: Services, stack: str, who: str) -> tuple[str, ...]:
    """End the stack's part in every run that waits for it and that nobody has begun with, or may begin with yet."""
    runs = services.state.runs
    message = f"cancelled by {who} while it waited; the next look deploys it, unless it is paused (`tegu pause`)"
    result = StackResult(stack, Action.NONE, Reason.WAITING, Outcome.CANCELLED, message=message)
    held_back = runs.finish_held_back(result)
    waiting = runs.take(stack, f"cancelled by {who}")
    runs.finish(waiting, result)
    return tuple(sorted({*held_back, *waiting}))
