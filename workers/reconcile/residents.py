"""Whose stack a project on an engine is."""

from __future__ import annotations

import time

from workers.model.errors import CatalogError, RedisUnavailable
from workers.services import Services


class Residents:
    """The stacks of a worker that run on one engine, by project: what is to run there, and what was deployed there.

    Args:
        services: the process's.
        worker: whose stacks.
        docker_host: the engine's address.

    Attributes:
        projects: project -> stack.
    """

    def __init__(self, services: Services, worker: str, docker_host: str) -> None:
        self._services = services
        self._worker = worker
        self._docker_host = docker_host
        self._read = float("-inf")
        self._homes: dict[str, str | None] = {}
        self.projects: dict[str, str] = {}

    @property
    def age(self) -> float:
        """Seconds since they were read."""
        return time.monotonic() - self._read

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks."""
        return tuple(set(self.projects.values()))

    def stack(self, project: str) -> str | None:
        """The stack of a project; None for one that is nobody's here."""
        return self.projects.get(project)

    def projects_of(self, stack: str) -> tuple[str, ...]:
        """The projects of a stack."""
        return tuple(project for project, each in self.projects.items() if each == stack)

    def refresh(self) -> None:
        """Read again which stacks there are; what cannot be read now stays as it is known."""
        self._read = time.monotonic()
        try:
            mine = {each.id: each for each in self._services.stacks.all() if each.worker == self._worker}
            records = self._services.state.records.get_many(set(mine) - set(self._homes))
        except (CatalogError, RedisUnavailable):
            return
        for identifier, record in records.items():
            home = record.home(mine[identifier]) if record else None
            here = home and (home.worker, home.docker_host) == (self._worker, self._docker_host)
            self._homes[identifier] = home.project if home and here else None
        former = {project: stack for stack, project in self._homes.items() if project and stack in mine}
        wanted = {each.project: each.id for each in mine.values() if each.docker_host == self._docker_host}
        self.projects = former | wanted
