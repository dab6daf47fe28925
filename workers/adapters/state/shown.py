"""A run as others see it: what the API shows of it, and what reconcile needs to know while it is open."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_FIELDS = (
    "id",
    "repo",
    "ref",
    "commit",
    "trigger",
    "who",
    "status",
    "queued_at",
    "started_at",
    "finished_at",
    "error",
)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not ended, and what it waits for: workers' pulls and stacks.

    A stack that comes after another one of the run is not among them until that one has ended.
    """

    id: str
    repo: str
    pulls: tuple[str, ...]
    stacks: tuple[str, ...]


def named(kind: str, members: Iterable[str]) -> tuple[str, ...]:
    """Those members of a run's pending set that are of a kind, without it, sorted."""
    return tuple(sorted(member.removeprefix(kind) for member in members if member.startswith(kind)))


def shown_run(stored: Mapping[Any, Any]) -> dict[str, Any] | None:
    """What the API shows of a run's hash; None for an empty one."""
    if "id" not in stored:
        return None
    shown: dict[str, Any] = {field: stored.get(field) for field in _FIELDS}
    shown["pulls"], shown["stacks"] = {}, {}
    for field in sorted(stored):
        if field.startswith("pull:"):
            pull = json.loads(stored[field])
            shown["pulls"][field.removeprefix("pull:")] = {name: pull[name] for name in ("status", "commits", "error")}
        elif field.startswith("stack:"):
            shown["stacks"][field.removeprefix("stack:")] = json.loads(stored[field])
    return shown
