"""The containers of a project at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.aside import own_name


@dataclass(frozen=True, slots=True)
class Running:
    """The containers of a project's services at one moment.

    Attributes:
        details: those that do not stand aside, each with a look into it.
        aside: those that do.
    """

    details: tuple[Details, ...]
    aside: tuple[Container, ...] = ()

    @classmethod
    def now(cls, engine: Engine, project: str) -> Running:
        """As they are now."""
        return cls.of_listing(engine, engine.containers(project))

    @classmethod
    def of_listing(cls, engine: Engine, listed: Iterable[Container]) -> Running:
        """Those of a listing; without those that have gone meanwhile, and those of `run` and of hooks."""
        there = [each for each in listed if each.is_of_service]
        return cls(
            engine.details(each for each in there if own_name(each) is None),
            tuple(each for each in there if own_name(each) is not None),
        )

    def of(self, service: str) -> tuple[Details, ...]:
        """Those of one service."""
        return tuple(each for each in self.details if each.container.service == service)

    @property
    def services(self) -> set[str]:
        """The services that have any."""
        return {each.container.service for each in self.details}

    @property
    def starts(self) -> set[tuple[str, str]]:
        """Which containers were started when."""
        return {(each.container.id, each.started_at) for each in self.details}

    @property
    def listed(self) -> tuple[Container, ...]:
        """All of them without the details, those that stand aside included."""
        return (*self.containers(), *self.aside)

    def running(self) -> set[str]:
        """The services of which a container runs."""
        return {each.container.service for each in self.details if each.container.running}

    def resting(self) -> set[str]:
        """The services none of whose containers runs: ended one-shots, and what somebody stopped."""
        return self.services - self.running()

    def has_ended_well(self, service: str) -> bool:
        """Whether all containers of a service have ended with exit code 0."""
        return all(each.state == "exited" and each.exit_code == 0 for each in self.of(service))

    def containers(self) -> list[Container]:
        """Those that do not stand aside, without the details."""
        return [each.container for each in self.details]


NOTHING = Running(())
