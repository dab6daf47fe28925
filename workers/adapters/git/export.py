"""Writing blobs below a folder: raw content, Git's two file modes, symlinks as links, and never outside.

Every folder is opened through its parent's descriptor and without following links, so neither a hostile
path nor a symlink that something put there meanwhile can lead anywhere else.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from workers.adapters.git.reader import Reader
from workers.model.errors import BlockedStack, InvalidStack
from workers.model.words import Entry

_LINK = 0o120000
_SUBMODULE = 0o160000
_FILES = {0o100644: 0o644, 0o100755: 0o755}
_NEVER = frozenset({b"", b".", b"..", b".git"})
_MAX_TARGET = 4096  # bytes of a symlink's target, as the kernel has it
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def stage(reader: Reader, files: Mapping[str, Entry], target: Path) -> None:
    """Write files below a folder, which is made when it is not there; an old file of the same path is replaced.

    Args:
        reader: where the blobs come from.
        files: what goes where; paths from the root of `target`.
        target: a folder.

    Raises:
        InvalidStack: for a path that leads outside, and for what is neither file nor symlink.
        BlockedStack: when something is in the way, a symlink where a folder belongs for example.
    """
    plan = sorted((_components(path), path, entry) for path, entry in files.items())
    target.mkdir(parents=True, exist_ok=True)
    with _Folders(target) as folders:
        for components, path, entry in plan:
            with _in_the_way(path):
                folder = folders.open(components[:-1])
                _write(reader, entry, folder, components[-1], path)


class _Folders:
    """Descriptors of the folders from the target down to where the last file was written."""

    def __init__(self, target: Path) -> None:
        self._names: list[bytes] = []
        self._open = [os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            os.close(self._open.pop())

    def open(self, names: tuple[bytes, ...]) -> int:
        """The descriptor of a folder, made with those above it where they are missing."""
        common = 0
        while common < min(len(names), len(self._names)) and names[common] == self._names[common]:
            common += 1
        while len(self._names) > common:
            self._names.pop()
            os.close(self._open.pop())
        for name in names[common:]:
            self._open.append(_open_folder(name, self._open[-1]))
            self._names.append(name)
        return self._open[-1]


def _open_folder(name: bytes, parent: int) -> int:
    try:
        return os.open(name, _OPEN_FOLDER, dir_fd=parent)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=parent)
        folder = os.open(name, _OPEN_FOLDER, dir_fd=parent)
        os.fchmod(folder, 0o755)  # whatever the umask
        return folder


def _write(reader: Reader, entry: Entry, folder: int, name: bytes, path: str) -> None:
    if entry.mode in _FILES:
        descriptor = _create(name, folder)
        try:
            if (header := reader.copy(entry.oid, descriptor)) is None or header.kind != "blob":
                raise reader.damaged(entry.oid)
            os.fchmod(descriptor, _FILES[entry.mode])
        finally:
            os.close(descriptor)
    elif entry.mode == _LINK:
        found = reader.read(entry.oid)
        if found is None:
            raise reader.damaged(entry.oid)
        if not found[1] or len(found[1]) > _MAX_TARGET or b"\0" in found[1]:
            message = "is a symlink without a possible target"
            raise InvalidStack(message, path)
        _remove(name, folder)
        os.symlink(found[1], name, dir_fd=folder)
    else:
        message = "is a submodule, which is not supported" if entry.mode == _SUBMODULE else "is no file"
        raise InvalidStack(message, path)


def _create(name: bytes, folder: int) -> int:
    """Open a new file, never one that is there: it may be a link, or shared with an undo folder."""
    try:
        return os.open(name, _CREATE, 0o600, dir_fd=folder)
    except FileExistsError:
        _remove(name, folder)
        return os.open(name, _CREATE, 0o600, dir_fd=folder)


def _remove(name: bytes, folder: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _components(path: str) -> tuple[bytes, ...]:
    """A path's names.

    Raises:
        InvalidStack: when one of them leads elsewhere or cannot be a file's name.
    """
    names = tuple(path.encode("utf-8", "surrogateescape").split(b"/"))
    if any(name.lower() in _NEVER or b"\0" in name for name in names):
        message = "is a path that leads out of the stack's directory or into Git's own"
        raise InvalidStack(message, path)
    return names


@contextlib.contextmanager
def _in_the_way(path: str) -> Iterator[None]:
    """Say which path it was when something else stands where a file or folder belongs."""
    try:
        yield
    except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
        message = f"{path}: something else is in the way of this file or a folder above it; remove it"
        raise BlockedStack(message) from error
    except OSError as error:
        if error.errno in {40, 36}:  # ELOOP: a symlink; ENAMETOOLONG
            message = f"{path}: {error.strerror}"
            raise BlockedStack(message) from error
        raise
