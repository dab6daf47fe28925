"""The containers of a project at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.aside import own_name


@dataclass(frozen=True, slots=True)
class Running:
    """The containers of a project at one moment."""

    details: tuple[Details, ...]

    @classmethod
    def now(cls, engine: Engine, project: str) -> Running:
        """As they are now, without those that stand aside."""
        return cls(engine.details(each for each in engine.containers(project) if own_name(each) is None))

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
        """Without the details."""
        return [each.container for each in self.details]


NOTHING = Running(())
