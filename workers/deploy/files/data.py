"""Data of a project that has run from another directory: what would stay behind there, and bringing it along.

Containers that use the data stand still meanwhile. What is moved is renamed, or copied where the file system is
another one and then removed at the source once the deployment has ended well. Nothing that is there is overwritten, and
where something lies says how far it came, so that it can be brought back after a kill.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.adapters.docker.visibility import Sight
from workers.deploy.files.layout import Folders, remove_tree
from workers.model.errors import BlockedStack, Cancelled, CommandFailed, EngineUnavailable
from workers.model.words import Entry

_EVERYTHING = Sight()
How = Literal["move", "copy"]
_OTHER_FILE_SYSTEM = frozenset({errno.EXDEV, errno.EBUSY})  # a mount point cannot be renamed either


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


# ---------------------------------------------------------------- what there is


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
    """
    folders = _folders(files)
    found: dict[str, Belonging] = {}
    for source, path, _ in _old_places(containers, live_root, project_path, mounted):
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
    wants_env: bool,
) -> tuple[str, ...]:
    """Like `left_behind`, what may be left behind because nobody here can see it: paths of the host.

    The engine says what is mounted, so it is there, and whether Git has all of a folder cannot be known. Of a `.env`
    nobody says whether it is there; it is asked for where variables are missing.

    Args:
        containers: as there, like all the others.
        live_root: the stack's directory.
        project_path: the project directory from there.
        files: what Git has.
        mounted: the paths that the new model mounts, from the root.
        staying: what the new model mounts, absolute.
        sight: what this process sees of the engine's host.
        wants_env: whether the new model uses variables that have no value.
    """
    folders = _folders(files)
    found = set()
    for source, path, is_mounted in _old_places(containers, live_root, project_path, mounted):
        if sight.sees(source) or path.startswith("..") or path in files or Path(source) in staying:
            continue
        if (path in folders or not os.path.lexists(live_root / path)) and (is_mounted or wants_env):
            found.add(source)
    return tuple(sorted(found))


def _folders(files: Iterable[str]) -> set[str]:
    return {"."} | {str(parent) for path in files for parent in Path(path).parents}


def _old_places(
    containers: Iterable[Details], live_root: Path, project_path: str, mounted: Iterable[str]
) -> Iterator[tuple[str, str, bool]]:
    """What was mounted or may be read relative to another directory, where it belongs, and whether it was mounted."""
    relative = set(mounted)
    for each in containers:
        directory = each.container.working_dir
        if directory in {"", str(live_root / project_path)}:
            continue
        for source in (*each.sources, f"{directory}/.env"):
            path = os.path.normpath(Path(project_path) / os.path.relpath(source, directory))
            if path in relative or Path(source).is_relative_to(directory):
                yield source, path, source in each.sources


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


# ---------------------------------------------------------------- there and back


def bring(
    engine: Engine, folders: Folders, belongings: Iterable[Belonging], halted: Iterable[str], stop: threading.Event
) -> None:
    """Stop these containers and bring everything into the live directory.

    Raises:
        BlockedStack: when something has turned up in the way.
        Cancelled: when `stop` is set meanwhile.
        OSError: when the disk refuses.
        EngineUnavailable: when the engine is away.
    """
    for container in halted:
        engine.stop(container)
    for number, each in enumerate(belongings):
        target = folders.live / each.path
        _make_way(folders.live, target, Path(each.source).parent)
        if each.how == "move" and _renamed(each.source, target):
            continue
        arriving = folders.arriving / str(number)
        folders.arriving.mkdir(mode=0o700, exist_ok=True)
        copy_all(each.source, str(arriving), stop)
        arriving.rename(target)


def _make_way(live: Path, target: Path, like: Path) -> None:
    """Make the folders that something belongs into, owned as the one is that it comes from."""
    missing = [parent for parent in target.parents if parent.is_relative_to(live) and not os.path.lexists(parent)]
    for folder in reversed(missing):
        folder.mkdir()
        status = like.stat()
        with contextlib.suppress(PermissionError):
            os.chown(folder, status.st_uid, status.st_gid)
    if os.path.lexists(target) or not target.parent.resolve().is_relative_to(live.resolve()):
        message = f"{target} is in the way of data that belongs there"
        raise BlockedStack(message)


def _renamed(source: str, target: Path) -> bool:
    """Whether a rename was enough."""
    try:
        Path(source).rename(target)
    except OSError as error:
        if error.errno in _OTHER_FILE_SYSTEM:
            return False
        raise
    return True


def copy_all(source: str, target: str, stop: threading.Event) -> None:
    """Copy a file or folder with owners, permissions, times and attributes; sockets are left out.

    Raises:
        Cancelled: when `stop` is set meanwhile.
    """
    if stop.is_set():
        message = "the deployment was cancelled"
        raise Cancelled(message)
    status = os.lstat(source)
    if stat.S_ISSOCK(status.st_mode):
        return
    if stat.S_ISLNK(status.st_mode):
        Path(target).symlink_to(Path(source).readlink())
    elif stat.S_ISDIR(status.st_mode):
        Path(target).mkdir(mode=0o700)
        for each in Path(source).iterdir():
            copy_all(str(each), f"{target}/{each.name}", stop)
    elif stat.S_ISREG(status.st_mode):
        shutil.copyfile(source, target)
    else:
        os.mknod(target, status.st_mode, status.st_rdev)
    with contextlib.suppress(PermissionError):  # not root: what this user writes is this user's
        os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)


def bring_back(engine: Engine, folders: Folders, project: str, belongings: Iterable[Belonging], kept: Path) -> None:
    """Bring everything back to where it was, however far it came; doing it twice does nothing more.

    What was copied is still at its source. The copy may have been used meanwhile, so it goes to the kept files.
    """
    wanted = list(belongings)
    remove_tree(folders.arriving)
    targets = [Belonging(str(folders.live / each.path), each.path) for each in wanted]
    for container in users_of(engine.details(engine.containers(project)), targets) if wanted else ():
        engine.stop(container)
    for each in reversed(wanted):
        target = folders.live / each.path
        if not os.path.lexists(target):
            continue
        if os.path.lexists(each.source):
            aside = kept / each.path
            aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.rename(aside)
        else:
            Path(each.source).parent.mkdir(parents=True, exist_ok=True)
            target.rename(each.source)


def start_again(engine: Engine, halted: Iterable[str]) -> None:
    """Start containers that were stopped for their data, those that are still there."""
    for container in halted:
        with contextlib.suppress(CommandFailed, EngineUnavailable):
            engine.start(container)


def take_leave(folders: Folders, belongings: Iterable[Belonging]) -> list[str]:
    """Remove at the source what had to be copied although it was to be moved; what could not be removed."""
    copied = [each for each in belongings if each.how == "move" and os.path.lexists(each.source)]
    if copied:
        os.sync()
    problems = []
    for each in copied:
        if not os.path.lexists(folders.live / each.path):
            continue
        try:
            shutil.rmtree(each.source) if Path(each.source).is_dir() else Path(each.source).unlink()
        except OSError as error:
            problems.append(f"{each.source} was copied and could not be removed: {error.strerror}")
    return problems
