"""What follows when containers have changed: the stack is looked at, and what waited for something to go is told."""

from __future__ import annotations

from collections.abc import Iterable

from workers.adapters.docker.happenings import Happening
from workers.reconcile.find_drift import inspect
from workers.reconcile.second_look import SecondLook
from workers.services import Services

_IDLE_SECONDS = 5.0  # nothing is due: how long a turn may wait


class Aftermath:
    """Of one engine.

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

    def changed(self, stacks: Iterable[str], at: float, not_before: float = 0.0) -> None:
        """The containers of these stacks have changed, as `SecondLook.changed` takes it."""
        self._looks.changed(stacks, at, not_before)

    def freed(self, happenings: Iterable[Happening], at: float) -> None:
        """Something may be free now that a stack waited for."""

    def seconds_left(self, at: float) -> float:
        """How long nothing is due."""
        return self._looks.seconds_left(at, _IDLE_SECONDS)

    def do(self, at: float) -> None:
        """Do what is due.

        Raises:
            RedisUnavailable: Redis is away.
        """
        if shown := self._looks.to_show(at):
            inspect(self._services, self._worker, frozenset(shown), heal=False)
        if due := self._looks.to_heal(at):
            self._looks.healed(inspect(self._services, self._worker, frozenset(due)), at)
