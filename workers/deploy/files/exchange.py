"""A folder under another name, with a link where it was: containers say where their files are, and still find them."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE, see renameat2(2)


def rename_with_link(root: Path, old: str, new: str) -> None:
    """Give a folder another name; doing it twice does nothing more.

    At no moment is there nothing under the old name, where the file system can exchange two names: the engine makes
    an empty folder where it finds no mount.

    Args:
        root: what both lie below.
        old: its path from there.
        new: its path from now on; there is nothing, or an empty folder.
    """
    source, target = root / old, root / new
    if source.is_symlink() or not source.is_dir():
        if target.is_dir() and not os.path.lexists(source):
            source.parent.mkdir(parents=True, exist_ok=True)
            source.symlink_to(os.path.relpath(target, source.parent))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink():
        target.unlink()
    elif target.is_dir():
        target.rmdir()
    link = os.path.relpath(target, source.parent)
    target.symlink_to(link)
    if not _exchanged(source, target):
        target.unlink()
        source.rename(target)
        source.symlink_to(link)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the file system, and the C library, can exchange two names."""
    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return exchange is not None and exchange(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def link_directory(own: Path, root: Path) -> None:
    """Let a stack have another one's directory, which stays where it is; doing it twice does nothing more.

    Args:
        own: where the stack's own would be: there is nothing, or an empty folder.
        root: that directory.
    """
    if own == root or own.is_symlink():
        return
    own.parent.mkdir(parents=True, exist_ok=True)
    if own.is_dir():
        own.rmdir()
    own.symlink_to(f"../{root.parent.name}/{root.name}")  # as `live_directory` reads it
