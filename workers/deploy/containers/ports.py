"""Ports of the host that a stack wants and another project has: the engine would refuse them after the switch.

A port that moves from one stack to another in one push is free a moment later, so trying again is worth while.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from workers.adapters.docker.container import Port
from workers.deploy.containers import compose_model
from workers.deploy.containers.strangers import Stranger
from workers.model.errors import TeguError

_ANYWHERE = "0.0.0.0"  # noqa: S104 (what the engine calls every address; nothing is bound here)


class PortTaken(TeguError):
    """Somebody else has a port that the stack wants."""


def wanted(model: compose_model.Model, services: Collection[str]) -> set[Port]:
    """The ports that these services publish; without ranges, of which the engine takes what is free."""
    return {port for name, each in compose_model.services(model).items() if name in services for port in _ports(each)}


def _ports(service: compose_model.Model) -> Iterator[Port]:
    mode = str(service.get("network_mode") or "")
    if mode in {"host", "none"} or ":" in mode:
        return  # they are not published then
    for each in service.get("ports") or ():
        if (number := str(each.get("published") or "")).isdecimal() and int(number):
            yield Port(each.get("host_ip") or _ANYWHERE, int(number), each.get("protocol") or "tcp")


def refuse_taken(others: Iterable[Stranger], ports: Collection[Port]) -> None:
    """Refuse to bring up what wants a port that a container of another project has.

    Args:
        others: the containers that are not the stack's.
        ports: what it wants.

    Raises:
        PortTaken: naming the port and the container.
    """
    for other in others:
        for port in sorted(other.ports & set(ports), key=str):
            message = f"port {port} is taken by the container {other.names[0]}; stop it, or publish another port"
            raise PortTaken(message)
