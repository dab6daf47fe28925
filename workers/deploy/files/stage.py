"""The new files, beside the live ones: what Compose and the build read before anything is switched."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from workers.deploy.files.layout import Folders, remove_tree
from workers.deploy.files.manifest import Manifest
from workers.deploy.files.safe_path import parts
from workers.model.errors import InvalidStack


class Source(Protocol):
    """What can write blobs below a folder: a clone."""

    def stage(self, files: Manifest, target: Path) -> None:
        """Write raw blobs, modes and symlinks as Git has them."""


def stage(source: Source, files: Manifest, outside: Iterable[str], folders: Folders, empty: tuple[str, ...]) -> None:
    """Make the stage: every file of the closure, and copies of those that Git does not have.

    Args:
        source: the clone.
        files: the closure's files.
        outside: files that Git lacks, by repository path; absolute ones are read where they are.
        folders: the stack's.
        empty: folders that are made even when nothing lies in them, by repository path: the project directory, and what
            reaches the builder with nothing in it.
    """
    remove_tree(folders.stage)
    folders.stage.mkdir(parents=True, mode=0o700)
    source.stage(files, folders.stage)
    for path in filter(None, empty):
        folders.stage.joinpath(*parts(path)).mkdir(parents=True, exist_ok=True)
    for path in outside:
        if not os.path.isabs(path):  # noqa: PTH117 (a repository path, not a path of this host)
            _copy(path, folders)


def _copy(path: str, folders: Folders) -> None:
    source, target = folders.live / path, folders.stage.joinpath(*parts(path))
    if not source.resolve().is_relative_to(folders.live):
        message = f"{source} leads out of the stack's directory; put the file itself there"
        raise InvalidStack(message, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        content = source.read_bytes()
    except OSError as error:
        message = f"{source} cannot be read: {error.strerror}"
        raise InvalidStack(message, path) from error
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        copy.write(content)
