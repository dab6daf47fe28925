"""Doing a switch of files, and taking it back, so that a kill at any system call leaves something to repair.

A new file is either still in the stage or in its place; an old one is either still in its place or in the
undo folder (or both, by a hard link, until it is replaced). So where a file is says how far a switch came,
and taking it back needs no more than the list of operations.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from workers.deploy.files.layout import Folders, make_live
from workers.deploy.files.manifest import same_content
from workers.deploy.files.safe_path import Root, kind_of
from workers.deploy.files.switch_plan import Do, Operation, Switch
from workers.model.errors import BlockedStack
from workers.model.words import Entry


class Disk:
    """Every change that a switch makes to a disk goes through here, one system call each.

    Args:
        before: is called before each with its name; a test kills the process there.
    """

    def __init__(self, before: Callable[[str], None] | None = None) -> None:
        self._before = before or (lambda _name: None)

    def link(self, source: str, target: str, *, source_folder: int, target_folder: int) -> None:
        """Give a file a second name."""
        self._before("link")
        os.link(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder, follow_symlinks=False)

    def rename(self, source: str, target: str, *, source_folder: int, target_folder: int) -> None:
        """Move, replacing a file that is there."""
        self._before("rename")
        os.rename(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder)

    def unlink(self, name: str, *, folder: int) -> None:
        """Take a name away."""
        self._before("unlink")
        os.unlink(name, dir_fd=folder)

    def make_folder(self, name: str, *, folder: int, mode: int, uid: int, gid: int) -> None:
        """Make a folder with an owner."""
        self._before("mkdir")
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=folder)
        self._before("chown")
        with contextlib.suppress(PermissionError):
            os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            self._before("chmod")
            with contextlib.suppress(PermissionError):
                os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def remove_folder(self, name: str, *, folder: int) -> None:
        """Remove a folder that is empty; any other stays."""
        self._before("rmdir")
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EBUSY}:
                raise

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file, symlink or folder; what was copied before is copied again."""
        self._before("copy")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            return
        target.unlink(missing_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


class Switching:
    """The switch of one stack's files, forward and back.

    Args:
        folders: where they lie.
        name: what the folder of kept files is named after: the deployment.
        disk: what changes the disk.
    """

    def __init__(self, folders: Folders, name: str, disk: Disk | None = None) -> None:
        self._folders = folders
        self._kept = folders.kept / name
        self._disk = disk or Disk()

    def forward(self, switch: Switch) -> None:
        """Bring the new files into place. Begun once; a switch that was interrupted is taken back.

        Raises:
            BlockedStack: when a symlink has turned up on a path since the switch was planned.
        """
        with self._roots() as (live, stage, undo):
            for operation in switch.operations:
                if operation.keep:
                    self._disk.copy(self._folders.live / operation.path, self._kept / operation.path)
                self._do(operation, live, stage, undo)

    def back(self, operations: Iterable[Operation]) -> None:
        """Bring the old files back, however far the switch came; doing it twice does nothing more."""
        with self._roots() as (live, stage, undo):
            for operation in reversed(list(operations)):
                try:
                    self._take_back(operation, live, stage, undo)
                except BlockedStack:
                    # No folder is where this path's folder was: nothing of ours can be left there.
                    if operation.old and _lies_in(undo, operation.path):
                        raise

    @contextlib.contextmanager
    def _roots(self) -> Iterator[tuple[Root, Root, Root]]:
        make_live(self._folders.live)
        roots = Root(self._folders.live), Root(self._folders.stage), Root(self._folders.undo)
        try:
            yield roots
        finally:
            for root in roots:
                root.close()

    # ------------------------------------------------------------ forward

    def _do(self, operation: Operation, live: Root, stage: Root, undo: Root) -> None:
        with live.parent(operation.path) as place:
            if place is None:
                message = f"{operation.path}: its folder in {live.path} has gone"
                raise FileNotFoundError(message)
            folder, name = place
            match operation.do:
                case Do.FOLDER:
                    self._disk.make_folder(
                        name, folder=folder, mode=operation.mode, uid=operation.uid, gid=operation.gid
                    )
                case Do.PRUNE:
                    self._disk.remove_folder(name, folder=folder)
                case Do.AWAY | Do.REMOVE:
                    self._to(undo, operation.path, folder, name)
                case Do.PUT:
                    if operation.old:
                        self._link_or_move(undo, operation.path, folder, name)
                    self._from(stage, operation.path, folder, name)

    def _to(self, root: Root, path: str, folder: int, name: str) -> None:
        (root.path / path).parent.mkdir(parents=True, exist_ok=True)
        with root.parent(path) as place:
            assert place is not None  # noqa: S101 (made two lines above, in a folder of our own)
            self._disk.rename(name, place[1], source_folder=folder, target_folder=place[0])

    def _from(self, root: Root, path: str, folder: int, name: str) -> None:
        with root.parent(path) as place:
            if place is not None:
                self._disk.rename(place[1], name, source_folder=place[0], target_folder=folder)

    def _link_or_move(self, undo: Root, path: str, folder: int, name: str) -> None:
        """A second name for the old file: then the rename over the first one leaves no moment without a file."""
        (undo.path / path).parent.mkdir(parents=True, exist_ok=True)
        with undo.parent(path) as place:
            assert place is not None  # noqa: S101 (made two lines above, in a folder of our own)
            try:
                self._disk.link(name, place[1], source_folder=folder, target_folder=place[0])
            except OSError:  # a file system without hard links, or somebody else's file
                self._disk.rename(name, place[1], source_folder=folder, target_folder=place[0])

    # ------------------------------------------------------------ back

    def _take_back(self, operation: Operation, live: Root, stage: Root, undo: Root) -> None:
        if operation.old and _lies_in(undo, operation.path):
            make_live((live.path / operation.path).parent)
        with live.parent(operation.path) as place:
            if place is None:
                return  # the folder was never made, or has been taken back already
            folder, name = place
            match operation.do:
                case Do.FOLDER:
                    self._disk.remove_folder(name, folder=folder)
                case Do.PRUNE:
                    self._disk.make_folder(
                        name, folder=folder, mode=operation.mode, uid=operation.uid, gid=operation.gid
                    )
                case Do.AWAY | Do.REMOVE:
                    self._restore(operation.path, undo, folder, name)
                case Do.PUT:
                    self._take_new(operation, stage, undo, folder, name)
                    if operation.old:
                        self._restore(operation.path, undo, folder, name)

    def _take_new(self, operation: Operation, stage: Root, undo: Root, folder: int, name: str) -> None:
        """Move a new file out of its place, if it is there."""
        path = operation.path
        if _lies_in(stage, path) or (operation.old and not _lies_in(undo, path)):
            return  # it never came into its place, or the old one is back already
        there = kind_of(name, folder)
        if there is None:
            return
        entry = Entry(operation.mode, operation.oid)
        if not stat.S_ISDIR(there.st_mode) and same_content(name, folder, entry):
            self._to(stage, path, folder, name)
        else:
            self._keep(path, folder, name)

    def _restore(self, path: str, undo: Root, folder: int, name: str) -> None:
        """Bring an old file or folder back from the undo folder, if it is there."""
        if not _lies_in(undo, path):
            return
        there = kind_of(name, folder)
        with undo.parent(path) as place:
            assert place is not None  # noqa: S101 (it was seen there)
            if there is not None and os.path.samestat(there, os.lstat(place[1], dir_fd=place[0])):
                self._disk.unlink(place[1], folder=place[0])
                return
            if there is not None:
                self._keep(path, folder, name)
            self._disk.rename(place[1], name, source_folder=place[0], target_folder=folder)

    def _keep(self, path: str, folder: int, name: str) -> None:
        """Move something that a container has made meanwhile to the kept files, under a name that is free."""
        target, count = path, 1
        while os.path.lexists(self._kept / target):
            target, count = f"{path}.{count}", count + 1
        root = Root(self._kept)
        try:
            self._to(root, target, folder, name)
        finally:
            root.close()


def _lies_in(root: Root, path: str) -> bool:
    with root.parent(path) as place:
        return place is not None and kind_of(place[1], place[0]) is not None
