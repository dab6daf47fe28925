"""What an upgrade of Docker Compose will recreate, and when.

Releases count different things in their digest of a service, so `up` of another one may replace a container although
nobody has changed it. Tegu restarts nothing for that alone and names no service that does not change, so it happens to
each service when that is next brought up. Whoever upgrades can know beforehand.

The installed release says with `config --hash` what it would count, and a container's label what was counted. Two
things keep that from being sure: a label has the ids of containers that the service refers to, and up to 5.4
`config --hash` leaves out what `env_file` brings (docs/reference/compose-releases.md).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from workers.adapters.docker.compose_project import Project
from workers.adapters.docker.releases import numbers
from workers.adapters.state.deployed import Deployed, RecordedContainer
from workers.deploy.containers import compose_model
from workers.deploy.transaction.call import project_from
from workers.model.errors import CommandFailed, TeguError
from workers.model.stack import Stack
from workers.services import Services

_SECONDS = 15.0  # for all stacks together; those that are left are told of without being asked about
_EXACT = (5, 5)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A stack with containers of another release of Compose than the installed one.

    Attributes:
        stack: its id.
        installed: the release that is called now.
        made_with: the releases that made those containers.
        recreated: the services that the next `up` that names them replaces.
        maybe: the services of which that is not sure.
    """

    stack: str
    installed: str
    made_with: tuple[str, ...]
    recreated: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For programs, without the stack."""
        return {name: value for name, value in asdict(self).items() if name != "stack"}

    def __str__(self) -> str:
        told = [
            f"{_listed(names)} {verb} be recreated"
            for names, verb in ((self.recreated, "will"), (self.maybe, "may"))
            if names
        ]
        return (
            f"Compose {self.installed} is installed; {self.stack} was deployed with {' and '.join(self.made_with)}: "
            f"{' and '.join(told)} when next brought up, for a change or otherwise, and not before"
        )


def upgrades(services: Services, stacks: Collection[str] | None = None) -> Iterator[Upgrade]:
    """What the installed release of Compose will recreate of this worker's stacks, in the order of ids.

    Args:
        services: the process's.
        stacks: only these.

    Raises:
        RedisUnavailable: when the records cannot be read.
    """
    mine = {each.id: each for each in services.stacks.all() if each.worker == services.settings.worker}
    wanted = sorted(name for name in mine if stacks is None or name in stacks)
    records = services.state.records.get_many(wanted)
    made = {name: _made(record) for name in wanted if (record := records.get(name)) and _is_mine(services, record)}
    if not any(made.values()):
        return
    try:
        installed = services.compose.version()
    except CommandFailed:
        return
    until = time.monotonic() + _SECONDS
    for name, containers in made.items():
        others = [each for each in containers if numbers(each.compose) != numbers(installed)]
        if others and (found := _upgrade(services, mine[name], others, installed, until - time.monotonic())):
            yield found


def _is_mine(services: Services, record: Deployed) -> bool:
    """Whether this worker has the files of what is deployed."""
    return record.worker in {None, services.settings.worker}


def _made(record: Deployed) -> list[RecordedContainer]:
    """The recorded containers of which it is known which release made them."""
    return [each for each in record.containers.values() if each.compose]


def _upgrade(
    services: Services, stack: Stack, others: list[RecordedContainer], installed: str, seconds: float
) -> Upgrade | None:
    """What will become of these containers; None when nothing will."""
    differing = {each.service for each in others}
    unsure = differing
    try:
        project = _deployed(services, stack)
        if project is not None and seconds > 0:
            hashes = services.compose.hashes(project, timeout=seconds)
            differing = {each.service for each in others if hashes.get(each.service) != each.config_hash}
            unsure = differing & (_referring(services, project) if numbers(installed) >= _EXACT else differing)
    except TeguError:  # the files are being switched, or somebody is at them
        unsure = differing
    if not differing:
        return None
    made_with = sorted({each.compose for each in others if each.service in differing}, key=numbers)
    return Upgrade(
        stack.id, installed, tuple(made_with), tuple(sorted(differing - unsure)), tuple(sorted(unsure & differing))
    )


def _deployed(services: Services, stack: Stack) -> Project | None:
    """The project as it was called to deploy it, with the live files."""
    call = services.state.journal.load(stack.id).call
    return project_from(call, stack, services.live(stack)) if call else None


def _referring(services: Services, project: Project) -> set[str]:
    """The services that refer to containers of others."""
    model, _ = services.compose.config(project)
    return {name for name, service in compose_model.services(model).items() if compose_model.lenders(service)}


def _listed(names: tuple[str, ...]) -> str:
    return f"{'its service' if len(names) == 1 else 'its services'} {', '.join(names)}"
