"""Which services `docker compose up` is told of, so that no other one can be touched. Pure.

Compose compares every service it is told of with its container, and those that these depend on as well, and replaces
what differs by its own digest. That digest also differs for reasons that no decision has: a definition's spelling, or
another release of Compose. So beside a stack that runs, only what is meant is named, and nothing comes along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workers.deploy.containers import compose_model


@dataclass(frozen=True, slots=True)
class Named:
    """The services to name.

    Attributes:
        services: by name.
        alone: whether Compose is told to leave what they depend on alone. What it leaves runs; whatever does not is
            among the named ones, so that Compose starts it and keeps its order and conditions.
    """

    services: frozenset[str]
    alone: bool


def to_bring_up(model: compose_model.Model, wanted: Iterable[str], running: Iterable[str]) -> Named:
    """The services to name for those that are wanted.

    Args:
        model: what Compose resolved.
        wanted: the services that are to be brought up.
        running: the services that have a container that runs.
    """
    active, runs = compose_model.services(model), set(running)
    needs = {name: found & active.keys() for name, found in compose_model.dependencies(model).items()}
    absent = {name for name, service in active.items() if name not in runs and _may_run(service)}
    lenders = {name: compose_model.lenders(service) for name, service in active.items()}
    named = set(wanted) & active.keys()
    while more := (_needed(named, needs) & absent | _borrowers(named, lenders)) - named:
        named |= more
    return Named(frozenset(named), alone=bool(_needed(named, needs) - named))


def _may_run(service: Mapping[str, object]) -> bool:
    """Whether naming a service brings anything about: containers, or what its `provider` does for its dependents."""
    return bool(service.get("provider")) or compose_model.replicas(service) > 0


def _needed(names: set[str], needs: Mapping[str, set[str]]) -> set[str]:
    """What they need directly: what runs has had what it needs in turn."""
    return {need for name in names for need in needs[name]}


def _borrowers(names: set[str], lenders: Mapping[str, set[str]]) -> set[str]:
    """Who lives in their namespaces or has their volumes: Compose replaces those along with the lender."""
    return {name for name, lending in lenders.items() if lending & names}
