"""Containers that have made room for others and may come back: they are known by their names.

Labels stay for a container's life, so Compose takes one that stands aside for its service's own; nobody else may. A
name needs no journal: it is there however a deployment ends.
"""

from __future__ import annotations

import re

from workers.adapters.docker.container import Container

_ASIDE = re.compile(r"tegu-aside-[0-9a-f]{12}-(.+)")


def name_aside(container: Container) -> str:
    """What a container is called while it stands aside."""
    return f"tegu-aside-{container.id[:12]}-{container.name}"


def own_name(container: Container) -> str | None:
    """What a container that stands aside was called; None for one that does not."""
    found = _ASIDE.fullmatch(container.name)
    return found.group(1) if found else None
