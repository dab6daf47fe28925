"""Data of a project that has run from another directory: what would stay behind there, and who uses it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.visibility import Sight
from workers.model.words import Entry

_EVERYTHING = Sight()
How = Literal["move", "copy"]


@dataclass(frozen=True, slots=True)
class Belonging:
    """One file or folder to bring along.

    Attributes:
        source: where it is, absolute.
        path: where it belongs, from the root of the stack's directory.
        how: whether the source goes.
    """

    source: str
    path: str
    how: How = "move"

    def to_json(self) -> dict[str, str]:
        """A form for the journal."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Belonging:
        """The one that `to_json` gave."""
        return cls(**saved)


def elsewhere(containers: Iterable[Container], live: Path) -> tuple[str, ...]:
    """The directories other than this one that containers were made from."""
    return tuple(sorted({each.working_dir for each in containers} - {"", str(live)}))


def left_behind(
    containers: Iterable[Details],
    live_root: Path,
    project_path: str,
    files: Mapping[str, Entry],
    mounted: Iterable[str],
    staying: Collection[Path] = (),
    sight: Sight = _EVERYTHING,
    *,
    env_files: Collection[str] = (),
) -> tuple[Belonging, ...]:
    """What containers mount, or Compose reads, in another directory, and neither Git nor the live directory has.

    What cannot be seen is not among it: see `out_of_sight`.

    Args:
        containers: of the project.
        live_root: the stack's directory.
        project_path: the project directory from there.
        files: what Git has.
        mounted: the paths that the new model mounts, from the root: what lies there, but not below the old directory,
            was mounted by a relative path, too.
        staying: what the new model mounts, absolute: what lies at such a path is where it belongs.
        sight: what this process sees of the engine's host.
        env_files: env files that the new model would read and that are absent, from the root.
    """
    folders = _folders(files)
    found: dict[str, Belonging] = {}
    for source, path in _old_places(containers, live_root, project_path, mounted, env_files):
        if sight.sees(source):
            found |= {item.path: item for item in _missing(source, path, live_root, files, folders, staying)}
    return tuple(
        found[path] for path in sorted(found) if not any(str(parent) in found for parent in Path(path).parents)
    )


def out_of_sight(
    containers: Iterable[Details],
    live_root: Path,
    project_path: str,
    files: Mapping[str, Entry],
    mounted: Iterable[str],
    staying: Collection[Path],
    sight: Sight,
    *,
    env_files: Collection[str] = (),
) -> tuple[str, ...]:
    """Like `left_behind`, what may be left behind because nobody here can see it: paths of the host.

    The engine says what is mounted, so it is there, and whether Git has all of a folder cannot be known. Of an env file
    nobody says whether it is there.

    Args:
        containers: as there, like all the others.
        live_root: the stack's directory.
        project_path: the project directory from there.
        files: what Git has.
        mounted: the paths that the new model mounts, from the root.
        staying: what the new model mounts, absolute.
        sight: what this process sees of the engine's host.
        env_files: env files that may be there, from the root.
    """
    folders = _folders(files)
    found = set()
    for source, path in _old_places(containers, live_root, project_path, mounted, env_files):
        if sight.sees(source) or path.startswith("..") or path in files or Path(source) in staying:
            continue
        if path in folders or not os.path.lexists(live_root / path):
            found.add(source)
    return tuple(sorted(found))


def _folders(files: Iterable[str]) -> set[str]:
    return {"."} | {str(parent) for path in files for parent in Path(path).parents}


def _old_places(
    containers: Iterable[Details],
    live_root: Path,
    project_path: str,
    mounted: Iterable[str],
    env_files: Collection[str],
) -> Iterator[tuple[str, str]]:
    """What was mounted or may be read relative to another directory, and where it belongs."""
    relative = set(mounted)
    for each in containers:
        directory = each.container.working_dir
        if directory in {"", str(live_root / project_path)}:
            continue
        for source in each.sources:
            path = os.path.normpath(Path(project_path) / os.path.relpath(source, directory))
            if path in relative or Path(source).is_relative_to(directory):
                yield source, path
        for path in env_files:
            yield os.path.normpath(Path(directory) / os.path.relpath(path, project_path)), path


def _missing(
    source: str, path: str, live: Path, files: Mapping[str, Entry], folders: set[str], staying: Collection[Path]
) -> Iterator[Belonging]:
    """A folder that Git has too is gone through: what Git lacks in it is missing, and the rest comes from Git.

    So is one that holds something that stays.
    """
    if path.startswith("..") or path in files or Path(source) in staying or not os.path.lexists(source):
        return
    if path not in folders and os.path.lexists(live / path):
        return
    if Path(source).is_dir() and (path in folders or any(each.is_relative_to(source) for each in staying)):
        for each in sorted(Path(source).iterdir()):
            yield from _missing(str(each), os.path.normpath(f"{path}/{each.name}"), live, files, folders, staying)
    elif path not in folders:
        yield Belonging(source, path)


def users_of(containers: Iterable[Details], belongings: Iterable[Belonging]) -> tuple[str, ...]:
    """The running containers that see any of these, whole or in part."""
    sources = [Path(each.source) for each in belongings]
    return tuple(
        each.container.id
        for each in containers
        if each.container.running and any(_overlap(Path(mounted), sources) for mounted in each.sources)
    )


def _overlap(path: Path, others: Iterable[Path]) -> bool:
    return any(path.is_relative_to(other) or other.is_relative_to(path) for other in others)
