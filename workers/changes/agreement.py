"""Whether the closure agrees with what `docker compose config` says; what Compose says is the truth."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from workers.changes.locations import is_remote
from workers.changes.snapshot import Snapshot
from workers.changes.tree import FOLDER, LINK


def missing_sources(snapshot: Snapshot, config: Mapping[str, object], project_directory: str) -> tuple[str, ...]:
    """The repository paths that a resolved model names and that the closure lacks.

    Args:
        snapshot: the closure.
        config: the output of `docker compose config --format json`, its doubled dollars made single.
        project_directory: the absolute project directory that the output was made for, staged or live.
    """
    root = project_directory.rstrip("/").removesuffix(f"/{snapshot.path}" if snapshot.path else "")
    missing: dict[str, None] = {}
    for location in map(posixpath.normpath, _sources(config)):
        path = "" if location == root else location.removeprefix(f"{root}/")
        if not path.startswith("/") and not _is_covered(snapshot, path):
            missing[path] = None
    return tuple(sorted(missing))


def _is_covered(snapshot: Snapshot, path: str) -> bool:
    if path in snapshot.entries or path in snapshot.outside:
        return True
    parts = path.split("/")
    for end in range(len(parts)):
        parent = "/".join(parts[:end])
        entry = snapshot.entries.get(parent)
        # What a symlink leads to has entries of its own.
        if entry and (entry.mode == LINK or (entry.mode == FOLDER and parent not in snapshot.filtered)):
            return True
    return False


def _sources(config: Mapping[str, object]) -> Iterator[str]:
    for service in _values(config.get("services")):
        for mount in _items(service.get("volumes")):
            if mount.get("type") == "bind":
                yield str(mount.get("source", ""))
        build = service.get("build")
        if isinstance(build, Mapping):
            yield from _build_sources(build)
    for section in ("configs", "secrets"):
        for definition in _values(config.get(section)):
            if isinstance(file := definition.get("file"), str):
                yield file


def _build_sources(build: Mapping[str, object]) -> Iterator[str]:
    context = str(build.get("context", ""))
    if not is_remote(context):
        yield context
        if "dockerfile_inline" not in build:
            dockerfile = str(build.get("dockerfile", "Dockerfile"))
            yield dockerfile if dockerfile.startswith("/") else f"{context}/{dockerfile}"
    more = build.get("additional_contexts")
    for folder in more.values() if isinstance(more, Mapping) else ():
        if str(folder).startswith("/"):
            yield str(folder)


def _values(section: object) -> Iterator[Mapping[str, object]]:
    if isinstance(section, Mapping):
        yield from (value for value in section.values() if isinstance(value, Mapping))


def _items(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))
