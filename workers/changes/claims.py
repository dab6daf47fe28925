"""What only one stack of a Docker host can have at a time: ports, fixed names of containers, volumes by name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workers.changes.locations import Service
from workers.changes.project import Project, read_project
from workers.changes.published_ports import long_ports
from workers.changes.trace import Trace
from workers.changes.tree import Outside, Tree
from workers.model.errors import InvalidStack
from workers.model.stack import Stack


def claims(stack: Stack, tree: Tree, outside: Outside, key: bytes) -> frozenset[str]:
    """What a stack claims at a commit, in words that are equal for what cannot be had twice.

    Ports count whatever address they are published at, and ranges that the engine chooses from do not; so this is for
    an order, not for a refusal. What cannot be read claims nothing.

    Args:
        stack: the stack with its effective options.
        tree: the commit.
        outside: the worker's host.
        key: for keyed digests.
    """
    try:
        project = read_project(stack, Trace(tree, outside, key), outside, {}, key)
    except InvalidStack:
        return frozenset()
    found = (each for service in project.services.values() for each in _of_service(service))
    return frozenset((*found, *_volumes(project)))


def _of_service(service: Service) -> Iterator[str]:
    if name := service.get("container_name"):
        yield f"container {name}"
    ports = service.get("ports")
    for entry in ports if isinstance(ports, list) else ():
        for port in [entry] if isinstance(entry, Mapping) else long_ports(str(entry)) or ():
            if str(number := port.get("published") or "").isdecimal():
                yield f"port {number}/{port.get('protocol') or 'tcp'}"


def _volumes(project: Project) -> Iterator[str]:
    """Volumes that other projects can name, too."""
    for key in project.model.sections["volumes"]:
        volume = project.resource("volumes", key)
        if volume.get("name") or volume.get("external"):
            yield f"volume {volume.get('name') or key}"
