"""Bringing data along that would stay behind in another directory (`workers.deploy.files.data`), and bringing it back.

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
from collections.abc import Iterable
from pathlib import Path

from workers.adapters.docker.engine import Engine
from workers.deploy.files.data import Belonging, users_of
from workers.deploy.files.layout import Folders, make_live, remove_tree
from workers.model.errors import BlockedStack, Cancelled, CommandFailed, EngineUnavailable

_OTHER_FILE_SYSTEM = frozenset({errno.EXDEV, errno.EBUSY})  # a mount point cannot be renamed either


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
        make_live(folder)
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
