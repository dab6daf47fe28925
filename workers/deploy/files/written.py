"""Taking back what Tegu has written into a stack's directory, and nothing else."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from workers.deploy.files.manifest import Manifest, same_content
from workers.deploy.files.safe_path import Root, kind_of
from workers.model.errors import BlockedStack


def remove_written(live: Path, manifest: Manifest) -> None:
    """Remove the files that Tegu has written and nobody has changed since, and the folders that are empty then.

    Args:
        live: the stack's directory.
        manifest: what Tegu has written there.
    """
    if not live.is_dir():
        return
    root = Root(live)
    try:
        for path, entry in manifest.items():
            with suppress(BlockedStack), root.parent(path) as place:
                if place is None:
                    continue
                folder, name = place
                if kind_of(name, folder) is not None and same_content(name, folder, entry):
                    os.unlink(name, dir_fd=folder)
        folders = {str(parent) for path in manifest for parent in Path(path).parents} - {"."}
        for path in sorted(folders, key=lambda each: each.count("/"), reverse=True):
            with suppress(BlockedStack, OSError), root.parent(path) as place:
                if place is not None:
                    os.rmdir(place[1], dir_fd=place[0])
    finally:
        root.close()
    with suppress(OSError):
        live.rmdir()
