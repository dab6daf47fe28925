"""A stack's record at another place of the repository: its folder has another name, and what is in it is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from workers.changes.snapshot import ServiceSnapshot, Snapshot

_T = TypeVar("_T")


def moved_path(path: str, old: str, new: str) -> str:
    """Where a repository path is once a folder has another name; outside of the folder, where it was."""
    if old == new or not (path == old or path.startswith(f"{old}/")):
        return path
    return f"{new}{path[len(old) :]}"


def rebased(snapshot: Snapshot, path: str) -> Snapshot:
    """A record with every path of its folder below another one. Digests of definitions stay as they were.

    Args:
        snapshot: what is recorded.
        path: the folder's path now.
    """
    old = snapshot.path
    if old == path:
        return snapshot

    def one(each: str) -> str:
        return moved_path(each, old, path)

    def keys(known: Mapping[str, _T]) -> dict[str, _T]:
        return {one(name): value for name, value in known.items()}

    def many(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(one, paths))

    def service(each: ServiceSnapshot) -> ServiceSnapshot:
        labels = (f"file:{one(name[5:])}" if name.startswith("file:") else name for name in each.inputs)
        return replace(each, content=keys(each.content), model=many(each.model), inputs=tuple(labels))

    return replace(
        snapshot,
        path=path,
        entries=keys(snapshot.entries),
        folders=keys(snapshot.folders),
        filtered=keys(snapshot.filtered),
        filters={one(name): one(value) for name, value in snapshot.filters.items()},
        outside=keys(snapshot.outside),
        services={name: service(each) for name, each in snapshot.services.items()},
        model=many(snapshot.model),
        compose_files=many(snapshot.compose_files),
        env_files=many(snapshot.env_files),
        watched=many(snapshot.watched),
        extra=many(snapshot.extra),
        secrets=many(snapshot.secrets),
    )
