"""Where everything of one stack lies on disk (all of it on one file system, so that a rename is a switch)."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from workers.model.stack import Stack, live_directory


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one stack.

    Attributes:
        live: the stack's own files, in repository layout; its path never changes.
        stage: the new files, until they are switched.
        undo: the old files, until the deployment has ended well. While it is there, a deployment is under
            way or was interrupted.
        kept: what was changed here of tracked files in which Git's version then won; never removed by Tegu.
    """

    live: Path
    stage: Path
    undo: Path
    kept: Path

    @classmethod
    def of(cls, data_dir: Path, stack: Stack) -> Folders:
        """The folders of a stack below the data directory."""
        state = data_dir / "state" / stack.environment
        return cls(
            live=Path(live_directory(data_dir, stack.id)),
            stage=state / f"{stack.name}.stage",
            undo=state / f"{stack.name}.undo",
            kept=state / f"{stack.name}.kept",
        )

    @property
    def arriving(self) -> Path:
        """Where data of a project that ran from another directory is copied to, on its way to the live directory."""
        return self.stage.with_suffix(".arriving")

    @property
    def good(self) -> Path:
        """Files that Git lacks, as they were at the last good deployment."""
        return self.stage.with_suffix(".good")

    @property
    def aside(self) -> Path:
        """What somebody has made of those since, while a rollback uses the old ones."""
        return self.stage.with_suffix(".aside")

    @property
    def manifest(self) -> Path:
        """The file that says which files Tegu has written."""
        return self.stage.with_suffix(".files")

    @property
    def old_manifest(self) -> Path:
        """What the manifest was before the switch, for as long as the switch may be taken back."""
        return self.undo.with_suffix(".undo.files")

    @property
    def unfinished(self) -> bool:
        """Whether a deployment is under way, or was interrupted."""
        return self.undo.exists()

    @staticmethod
    def are_unfinished(data_dir: Path, stack: Stack) -> bool:
        """The same for whoever looks at thousands of stacks: four paths take many times as long to make as to ask."""
        return os.path.lexists(f"{data_dir}/state/{stack.environment}/{stack.name}.undo")

    def clear(self) -> None:
        """Drop the stage and then the undo folder: the deployment has ended."""
        remove_tree(self.stage)
        remove_tree(self.arriving)
        self.old_manifest.unlink(missing_ok=True)
        remove_tree(self.undo)


def make_live(path: Path, mode: int = 0o755) -> None:
    """Make a folder of the live files and those above it, as far as they are missing, whatever the umask.

    A container may run as anybody, and mounts what lies there: Git would give everybody the right to read.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # somebody else was faster
            folder.mkdir()
            folder.chmod(mode)


def remove_tree(path: Path) -> None:
    """Remove a folder of Tegu's own with all that is in it; nothing when it is not there."""
    if path.is_dir():
        shutil.rmtree(path)
