"""Whether the closure agrees with what `docker compose config` says; what Compose says is the truth.

Compose makes every path of the model absolute, against the folder that it was told is the project's, and no other text:
so whatever lies in the staged folder is a path that it knows of, in whichever field a newer release has one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping

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
    unbuilt = {name for name, service in snapshot.services.items() if not service.build}
    missing: dict[str, None] = {}
    for location in map(posixpath.normpath, _sources(config, unbuilt)):
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


def _sources(config: Mapping[str, object], unbuilt: Collection[str]) -> Iterator[str]:
    """Every text of a model but for what nothing is deployed from, and the Dockerfiles, which stay relative."""
    for section, definitions in config.items():
        named = definitions if isinstance(definitions, Mapping) else {}
        for name, definition in named.items():
            if section == "services" and isinstance(definition, Mapping):
                yield from _service_sources(definition, is_built=name not in unbuilt)
            else:
                yield from _texts(definition)


def _service_sources(service: Mapping[str, object], *, is_built: bool) -> Iterator[str]:
    left_out = {"develop"} if is_built else {"develop", "build"}
    yield from _texts({key: value for key, value in service.items() if key not in left_out})
    build = service.get("build")
    if is_built and isinstance(build, Mapping):
        yield from _build_sources(build)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith("/"):
            yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)


def _build_sources(build: Mapping[str, object]) -> Iterator[str]:
    context = str(build.get("context", ""))
    if not is_remote(context) and "dockerfile_inline" not in build:
        yield posixpath.join(context, str(build.get("dockerfile", "Dockerfile")))
