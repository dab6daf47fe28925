"""Names of containers that a stack wants and another container has.

The engine would refuse them in the middle of `up`, when Compose has removed the old container already. A name that
moves from one stack to another in one push is free a moment later, so trying again is worth while. One that moves from
one service to another of the same stack is for `making_room`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from workers.adapters.docker.container import NUMBER, Container
from workers.deploy.containers import compose_model
from workers.deploy.containers.strangers import Stranger, WhoseProject, described, remedy


def wanted_names(
    model: compose_model.Model, project: str, services: Collection[str], there: Iterable[Container]
) -> dict[str, str]:
    """The names that Compose will give the containers of these services, each with its service.

    One is `container_name`, or `PROJECT-SERVICE-NUMBER`: a container that is made anew keeps its number, a further one
    gets the next after the highest (Compose 2.26 to 5.6).

    Args:
        model: what Compose resolved.
        project: the project's name.
        services: those whose containers are made, or made anew.
        there: the containers that the project has.
    """
    numbers: dict[str, set[int]] = {}
    for each in there:
        if (number := each.labels.get(NUMBER, "")).isdecimal():
            numbers.setdefault(each.service, set()).add(int(number))
    known = compose_model.services(model)
    return {
        name: service
        for service in services & known.keys()
        for name in _names(known[service], f"{project}-{service}", numbers.get(service, set()))
    }


def crossing(wanted: Mapping[str, str], there: Iterable[Container]) -> list[Container]:
    """The containers that have a name which Compose will give to one of another service.

    Args:
        wanted: what `wanted_names` says of all services.
        there: the containers that the project has.
    """
    return [each for each in there if wanted.get(each.name, each.service) != each.service]


def _names(service: compose_model.Model, stem: str, numbers: Collection[int]) -> Iterator[str]:
    scale = _scale(service)
    if not scale or service.get("provider"):
        return
    if name := service.get("container_name"):
        yield str(name)
        return
    kept = sorted(numbers)[:scale]
    first = max(numbers, default=0) + 1
    for number in (*kept, *range(first, first + scale - len(kept))):
        yield f"{stem}-{number}"


def _scale(service: compose_model.Model) -> int:
    replicas = (service.get("deploy") or {}).get("replicas")
    return int(service.get("scale", 1 if replicas is None else replicas))


def taken_names(others: Iterable[Stranger], names: Collection[str], whose: WhoseProject) -> Iterator[str]:
    """Those names that a container has which is not the stack's, in words.

    Args:
        others: the containers that are not.
        names: what it wants.
        whose: knows the projects.
    """
    for other in others:
        for name in sorted({*other.names}.intersection(names)):
            owner = whose(other.project)
            usual = f"remove or rename that one (docker rename {name} …)"
            yield (
                f"the container name {name} is taken by a container {described(other, owner)};"
                f" {remedy(owner, usual)}, or choose another container_name"
            )
