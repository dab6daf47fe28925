"""Whose stack a project on an engine is."""

from __future__ import annotations

import time

from workers.adapters.state.deployed import Home
from workers.model.errors import CatalogError, RedisUnavailable
from workers.services import Services


class Residents:
    """The stacks of a worker that run on one engine, by project: what is to run there, and what was deployed there.

    Args:
        services: the process's.
        worker: whose stacks.
        docker_host: the engine's address.

    Attributes:
        projects: project -> stack; of a stack with two the one that is wanted comes last.
        moving: stacks that are to run elsewhere, or ran elsewhere at last: another watcher may see more of them.
    """

    def __init__(self, services: Services, worker: str, docker_host: str) -> None:
        self._services = services
        self._worker = worker
        self._docker_host = docker_host
        self._read = float("-inf")
        self._homes: dict[str, Home | None] = {}
        self.projects: dict[str, str] = {}
        self.moving: frozenset[str] = frozenset()

    @property
    def age(self) -> float:
        """Seconds since they were read."""
        return time.monotonic() - self._read

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks."""
        return tuple(set(self.projects.values()))

    def projects_of(self, stack: str) -> tuple[str, ...]:
        """The projects of a stack."""
        return tuple(project for project, each in self.projects.items() if each == stack)

    def refresh(self) -> None:
        """Read again which stacks there are; what cannot be read now stays as it is known."""
        self._read = time.monotonic()
        try:
            mine = {each.id: each for each in self._services.stacks.all() if each.worker == self._worker}
            # A home changes when a stack moves, and then with a project or an engine that is not the one that was read.
            asked = [each for each in mine if each not in self._homes or each in self.moving]
            records = self._services.state.records.get_many(asked)
        except (CatalogError, RedisUnavailable):
            return
        self._homes |= {stack: record.home(mine[stack]) if record else None for stack, record in records.items()}
        homes = {stack: self._homes[stack] or Home.of(each) for stack, each in mine.items()}
        here = {stack: home for stack, home in homes.items() if home.docker_host == self._docker_host}
        former = {project: stack for project, stack in self.projects.items() if stack in mine}
        deployed = {home.project: stack for stack, home in here.items()}
        wanted = {each.project: each.id for each in mine.values() if each.docker_host == self._docker_host}
        self.projects = {each: stack for each, stack in (former | deployed).items() if each not in wanted} | wanted
        self.moving = frozenset(stack for stack, home in homes.items() if home != Home.of(mine[stack]))
