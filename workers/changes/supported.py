"""Refusing what would not be the content that people expect, before anything is deployed of it."""

from __future__ import annotations

from collections.abc import Iterator

from workers.changes.filtered import Filtered, filtered
from workers.changes.tree import EXECUTABLE, FILE, FOLDER, SUBMODULE, Tree
from workers.model.errors import InvalidStack
from workers.model.words import Entry
from workers.runtime.cache import BoundedCache

_LFS_HEAD = b"version https://git-lfs.github.com/spec/"
_LFS_MOST_BYTES = 1024

_supported: BoundedCache[bool] = BoundedCache(16 << 20, lambda _: 160)
"""The ids of files and the digests of folders that were gone through; each stands for its content for ever."""


def check_supported(tree: Tree, path: str, entry: Entry) -> None:
    """Refuse a path of which something is not supported.

    Args:
        tree: where objects are read.
        path: the repository path.
        entry: what stands there; a folder counts with all that is in it.

    Raises:
        InvalidStack: for a submodule or a Git LFS pointer at or below the path, by name; for too many files; for
            folders too deep in one another.
    """
    if entry.mode == FOLDER:
        check_left(filtered(tree, path, entry, b""))
    else:
        _check(tree, {path: entry})


def check_left(folder: Filtered) -> None:
    """The same for what an ignore file leaves of a folder.

    Raises:
        InvalidStack: as `check_supported`.
        BadPatternError: as `Filtered`.
    """
    folders: list[Filtered] = []
    _check(folder.tree, dict(_unknown(folder, folders)))
    if folder.tree.lasting:
        for each in folders:
            _supported.put(each.left.digest, value=True)


def _unknown(folder: Filtered, folders: list[Filtered]) -> Iterator[tuple[str, Entry]]:
    """The files of folders that were not gone through before, and those folders."""
    if _supported.get(folder.left.digest):
        return
    folders.append(folder)
    for path, child in folder.children.items():
        if isinstance(child, Filtered):
            yield from _unknown(child, folders)
        else:
            yield path, child


def _check(tree: Tree, files: dict[str, Entry]) -> None:
    for path, entry in files.items():
        if entry.mode == SUBMODULE:
            raise refused_submodule(path)
    unknown = {
        entry.oid: path
        for path, entry in files.items()
        if entry.mode in {FILE, EXECUTABLE} and not _supported.get(entry.oid)
    }
    for oid, content in tree.blobs(list(unknown), least=len(_LFS_HEAD), below=_LFS_MOST_BYTES):
        if content.startswith(_LFS_HEAD):
            path = unknown[oid]
            message = f"{path} is a Git LFS pointer, which is not supported; put the file itself into the repository"
            raise InvalidStack(message)
    if tree.lasting:
        for oid in unknown:
            _supported.put(oid, value=True)


def refused_submodule(path: str, what: str = "") -> InvalidStack:
    """The error for a submodule.

    Args:
        path: where it stands.
        what: who names it, if anybody.
    """
    message = f"{path} is a submodule, which is not supported; put the files into the repository"
    return InvalidStack(f"{what}: {message}" if what else message)
