"""Which containers are Tegu's own: a deployment of their project would end the deployment itself."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from workers.adapters.docker.container import Details

_REDIS_PORT = 6379


@dataclass(frozen=True, slots=True)
class Own:
    """What tells Tegu's own containers on one Docker host.

    Attributes:
        container: the id of the one that this process runs in.
        others: the ids of those that its other processes run in, as far as they have said so.
        addresses: where its Redis answers.
        published: the port of this host at which its Redis answers, when it does so at a port of this host.
    """

    container: str | None = None
    addresses: frozenset[str] = frozenset()
    published: int | None = None
    others: frozenset[str] = frozenset()

    def has(self, details: Details) -> bool:
        """Whether a container is one of them."""
        identifier = details.container.id
        if identifier == self.container or identifier in self.others or self.addresses.intersection(details.addresses):
            return True
        return self.published is not None and self.published in details.published


def own_parts(container: str | None, redis_url: str, docker_host: str, others: frozenset[str] = frozenset()) -> Own:
    """What tells Tegu's own containers.

    Args:
        container: the id of the container that this process runs in, if it runs in one.
        redis_url: where its Redis is.
        docker_host: whose containers are looked at. On another machine, addresses and ports mean something else.
        others: the ids of the containers that its other processes run in.
    """
    address = urlsplit(redis_url)
    if not address.hostname or not docker_host.startswith("unix://"):
        return Own(container, others=others)
    port = address.port or _REDIS_PORT
    found: set[str] = set()
    with contextlib.suppress(OSError):
        found = {str(each[4][0]) for each in socket.getaddrinfo(address.hostname, port, proto=socket.IPPROTO_TCP)}
    local = any(ipaddress.ip_address(each.partition("%")[0]).is_loopback for each in found)
    return Own(container, frozenset() if local else frozenset(found), port if local else None, others)
