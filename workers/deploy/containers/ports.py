"""Ports of the host that a stack wants and somebody else has: the engine would refuse them after the switch.

A port that moves from one stack to another in one push is free a moment later, so trying again is worth while.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection, Iterable, Iterator

from workers.adapters.docker.container import Port
from workers.deploy.containers import compose_model
from workers.deploy.containers.strangers import Stranger, WhoseProject, described, remedy

_ANYWHERE = "0.0.0.0"  # noqa: S104 (what the engine calls every address; nothing is bound here)
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


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


def taken(others: Collection[Stranger], port: Port, whose: WhoseProject) -> Iterator[str]:
    """The containers that have a port and are not the stack's, in words.

    Args:
        others: the containers that are not.
        port: what it wants.
        whose: knows the projects.
    """
    for other in others:
        if any(are_one(port, each) for each in other.ports):
            owner = whose(other.project)
            told = f" {described(other, owner)}" if owner else ""
            yield (
                f"port {port} is taken by the container {other.names[0]}{told};"
                f" {remedy(owner, 'stop it')}, or publish another port"
            )


def are_one(one: Port, other: Port) -> bool:
    """Whether two ports cannot both be had: at one address, or where one of them is at all of its kind."""
    if (one.number, one.protocol) != (other.number, other.protocol) or (":" in one.address) != (":" in other.address):
        return False
    return one.address == other.address or bool({one.address, other.address} & {_ANYWHERE, "::"})


def unavailable(ports: Iterable[Port]) -> Iterator[str]:
    """Those ports that this host does not give, in words: a process listens there, or the address is not there.

    They are bound for a moment, and not listened at: nobody else is refused one for that, since whoever serves TCP
    shares with what does not listen (socket(7), `SO_REUSEADDR`).
    """
    for port in sorted(ports, key=str):
        match _refused(port):
            case errno.EADDRINUSE:
                yield (
                    f"port {port} is taken by a process of this host"
                    f" (ss -lnp 'sport = :{port.number}' tells which); stop it, or publish another port"
                )
            case errno.EADDRNOTAVAIL:
                yield (
                    f"port {port} cannot be had, since this host has no address {port.address} now; bring up the"
                    " interface that has it, or publish the port at another address"
                )


def _refused(port: Port) -> int | None:
    """Why this host does not give a port; None where it does, or does not tell."""
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    if port.protocol not in _KINDS:
        return None
    try:
        with socket.socket(family, _KINDS[port.protocol]) as probe:
            if port.protocol == "tcp":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((port.address, port.number))
    except OSError as error:
        return error.errno
    return None
