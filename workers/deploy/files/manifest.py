"""Which files of a stack's directory Tegu has written: everything else there belongs to somebody else."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from workers.model.words import Entry

SYMLINK = 0o120000
EXECUTABLE = 0o100755

Manifest = Mapping[str, Entry]

_SHA256_LENGTH = 64


def load_manifest(path: Path) -> dict[str, Entry]:
    """The manifest as it was saved last; empty when there is none."""
    try:
        saved = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return {name: Entry(mode, oid) for name, (mode, oid) in saved.items()}


def save_manifest(path: Path, files: Manifest) -> None:
    """Save a manifest so that a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({name: [entry.mode, entry.oid] for name, entry in sorted(files.items())}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def object_id(content: bytes, like: str) -> str:
    """Git's id of a blob with this content, in the hash function that `like` was made with."""
    digest = hashlib.sha256() if len(like) == _SHA256_LENGTH else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(content))
    digest.update(content)
    return digest.hexdigest()


def same_content(name: str, folder: int, entry: Entry) -> bool:
    """Whether a file or symlink is, in content and kind, what Git says of it.

    Args:
        name: a name in the folder.
        folder: the folder's open descriptor.
        entry: what Git says.
    """
    found = os.lstat(name, dir_fd=folder)
    if stat.S_ISLNK(found.st_mode):
        content = os.fsencode(os.readlink(name, dir_fd=folder))
        return entry.mode == SYMLINK and object_id(content, entry.oid) == entry.oid
    if not stat.S_ISREG(found.st_mode) or entry.mode == SYMLINK:
        return False
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        return object_id(file.read(), entry.oid) == entry.oid
