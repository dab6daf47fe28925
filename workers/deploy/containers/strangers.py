"""The containers of an engine that a deployment will not replace: what they have, nobody else can get."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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
