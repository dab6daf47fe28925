"""What follows when containers have changed: the stack is looked at, and what waited for something to go is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from workers.adapters.docker.happenings import Happening
from workers.adapters.state.marks import Stop
from workers.deploy.containers.by_hand import Hands, stop_after
from workers.reconcile.find_drift import inspect
from workers.reconcile.obstructed import look_again
from workers.reconcile.second_look import SecondLook
from workers.services import Services

_IDLE_SECONDS = 5.0  # nothing is due: how long a turn may wait

# What may free a name, a port, or whatever else a stack waits for.
_FREEING = {
    "container": frozenset({"die", "destroy", "rename", "unpause", "health_status: healthy"}),
    "network": frozenset({"create", "destroy"}),
    "volume": frozenset({"create", "destroy"}),
}
_TOLD_AFTER = 1.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0  # it is the longer the more goes on: something may start again and again


class Aftermath:
    """Of one engine. Time is an argument, in seconds of a clock that only goes forward.

    Args:
        services: the process's.
        worker: whose stacks.
        docker_host: the engine's address.
    """

    def __init__(self, services: Services, worker: str, docker_host: str) -> None:
        self._services = services
        self._worker = worker
        self._docker_host = docker_host
        self._looks = SecondLook(services.settings.reconcile.total_seconds())
        self._told = -math.inf
        self._tell = math.inf
        self._pause = _SHORTEST_PAUSE

    def changed(self, stacks: Iterable[str], at: float, not_before: float = 0.0) -> None:
        """The containers of these stacks have changed, as `SecondLook.changed` takes it."""
        self._looks.changed(stacks, at, not_before)

    def begin_anew(self, stacks: Iterable[str], at: float) -> None:
        """The engine is there, or is back: all of these have to be looked at."""
        self._looks.begin_anew()
        self._looks.changed(stacks, at)

    def freed(self, happenings: Iterable[Happening], at: float) -> None:
        """What a stack waited for may be free now."""
        if any(each.action in _FREEING.get(each.kind, ()) for each in happenings):
            self._tell = max(at + _TOLD_AFTER, self._told + self._pause)

    def seconds_left(self, at: float) -> float:
        """How long nothing is due."""
        return min(self._looks.seconds_left(at, _IDLE_SECONDS), max(self._tell - at, 0.0))

    def do(self, at: float, hands: Callable[[str], Hands]) -> None:
        """Do what is due.

        Args:
            at: now.
            hands: what was seen of a stack's containers.

        Raises:
            RedisUnavailable: Redis is away.
        """
        if at >= self._tell:
            is_busy = at < self._told + _LONGEST_PAUSE + _TOLD_AFTER
            self._pause = min(self._pause * 2, _LONGEST_PAUSE) if is_busy else _SHORTEST_PAUSE
            self._told, self._tell = at, math.inf
            look_again(self._services, self._docker_host)
        if shown := self._looks.to_show(at):
            inspect(self._services, self._worker, frozenset(shown), heal=False, stops=self._stops(shown, hands))
        if due := self._looks.to_heal(at):
            self._looks.healed(inspect(self._services, self._worker, frozenset(due)), at)

    def _stops(self, stacks: Iterable[str], hands: Callable[[str], Hands]) -> dict[str, Stop]:
        """Which of these a person has brought to rest, if they rest; during a deployment it is Tegu that is seen."""
        found = {}
        for stack, facts in self._services.state.facts(stacks).items():
            if facts.leased:
                hands(stack).forget()
            elif stop := stop_after(hands(stack).rest(), facts.known):
                found[stack] = stop
        return found
