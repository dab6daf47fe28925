"""The containers of an engine that a deployment will not replace: what they have, nobody else can get."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from workers.adapters.docker.container import ONE_OFF, PROJECT, Port
from workers.adapters.docker.engine import Engine, translated


@dataclass(frozen=True, slots=True)
class Stranger:
    """A container that is not the stack's, running or not.

    Attributes:
        id: its id.
        names: its name first, then those that links give it.
        project: its Compose project; empty without one.
        ports: those of the host that lead to it.
    """

    id: str
    names: tuple[str, ...]
    project: str
    ports: frozenset[Port]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Stranger:
        """From a row of the engine's listing."""
        return cls(
            id=row["Id"],
            names=tuple(each.removeprefix("/") for each in row.get("Names") or ()),
            project=(row.get("Labels") or {}).get(PROJECT) or "",
            ports=frozenset(
                Port(each.get("IP", ""), each.get("PublicPort", 0), each["Type"]) for each in row.get("Ports") or ()
            ),
        )


@dataclass(frozen=True, slots=True)
class Owner:
    """The stack of this Tegu whose containers are those of a project.

    Attributes:
        stack: its id.
        gone: whether it is none any more, and its containers were left.
    """

    stack: str
    gone: bool = False


WhoseProject = Callable[[str], Owner | None]
"""The owner of a project, by its name; None for one that this Tegu knows nothing of."""


def described(other: Stranger, owner: Owner | None) -> str:
    """Whose container it is, for people."""
    if owner is None:
        return f"of project {other.project}" if other.project else f"{other.id[:12]}, which is of no project"
    return f"of {owner.stack}" + (", which is gone, and whose containers were left" if owner.gone else "")


def remedy(owner: Owner | None, usual: str) -> str:
    """What gets a container out of the way: `usual`, or taking down what is left of a stack that is gone."""
    return f"take those down (tegu forget {owner.stack} --down)" if owner and owner.gone else usual


def strangers(engine: Engine, own: Collection[str], names: Collection[str] | None = None) -> list[Stranger]:
    """The containers that a deployment will not replace.

    Args:
        engine: where they are.
        own: the projects whose containers are the stack's; those of `docker compose run` are nobody's to replace.
        names: those that have one of these; None for all.
    """
    filters = {} if names is None else {"name": [f"^/?{re.escape(name)}$" for name in sorted(names)]}
    with translated():
        rows = engine.client.containers(all=True, filters=filters)
    labelled = ((row, row.get("Labels") or {}) for row in rows)
    return [
        Stranger.of(row) for row, labels in labelled if labels.get(PROJECT) not in own or labels.get(ONE_OFF) == "True"
    ]
