"""Folders opened component by component: whatever a container does meanwhile, no symlink leads out of them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from workers.model.errors import BlockedStack

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Root:
    """A folder that paths are resolved below, never through a symlink.

    Args:
        path: the folder; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)

    @contextlib.contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str] | None]:
        """The open folder that a path lies in, and the path's last name; None when there is no such folder.

        Raises:
            BlockedStack: when a component of the path is a symlink or a file.
        """
        *folders, name = parts(path)
        descriptor = os.dup(self.descriptor)
        try:
            for index, folder in enumerate(folders):
                try:
                    deeper = os.open(folder, _FOLDER, dir_fd=descriptor)
                except FileNotFoundError:
                    yield None
                    return
                except OSError as error:
                    message = (
                        f"{'/'.join(folders[: index + 1])} in {self.path} is not a folder, but {path} belongs into it; "
                        "move it away, or set `adopt: true`"
                    )
                    raise BlockedStack(message) from error
                os.close(descriptor)
                descriptor = deeper
            yield descriptor, name
        finally:
            os.close(descriptor)


def parts(path: str) -> list[str]:
    """The components of a repository path.

    Raises:
        BlockedStack: for a path that would leave the folder.
    """
    found = path.split("/")
    if not path or any(part in {"", ".", ".."} for part in found):
        message = f"{path!r} does not stay in the stack's directory"
        raise BlockedStack(message)
    return found


def kind_of(name: str, folder: int) -> os.stat_result | None:
    """What a name in a folder is, without following a symlink; None when it is not there."""
    try:
        return os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return None
