"""What Compose says of a stack's files before anybody deploys them.

Tegu reads Compose files itself to find out what they are made of; whether every key in them is one, and of the right
kind, is for Compose to say. A deployment asks it after staging; this asks it in a folder of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from workers.adapters.docker.compose import Compose
from workers.adapters.docker.compose_project import project_of
from workers.changes.snapshot import Snapshot
from workers.changes.tree import FOLDER, SUBMODULE
from workers.deploy.files.layout import Folders
from workers.deploy.files.stage import Source, stage
from workers.model.errors import CommandFailed, InvalidStack
from workers.model.stack import Stack


def refusal(
    compose: Compose, source: Source, stack: Stack, snapshot: Snapshot, folders: Folders, *, on_host: bool = True
) -> str:
    """Why Compose refuses a stack's files; empty when it does not, or does not come to an end.

    Args:
        compose: runs it.
        source: the clone.
        stack: the stack.
        snapshot: what it is made of at the commit in question. Folders are left out: `config` opens none.
        folders: the stack's own, of which only the live one is read.
        on_host: whether the live one is the worker's. If not, a file that is not there may be there; whatever is in it,
            Compose only has to find it.
    """
    files = {path: entry for path, entry in snapshot.entries.items() if entry and entry.mode not in {FOLDER, SUBMODULE}}
    with TemporaryDirectory(prefix="tegu-check-") as scratch:
        stage_folder = Path(scratch, "stage")
        try:
            stage(source, files, snapshot.outside_paths, replace(folders, stage=stage_folder), (stack.path,))
            for path in () if on_host else _not_here(snapshot):
                (stage_folder / path).parent.mkdir(parents=True, exist_ok=True)
                (stage_folder / path).touch()
            private = (str(stage_folder / path) for path in snapshot.confidential)
            compose.config(project_of(stack, stage_folder, folders.live), private=private)
        except InvalidStack as error:
            return str(error)
        except CommandFailed:
            return ""
    return ""


def _not_here(snapshot: Snapshot) -> Iterator[str]:
    """The files that Git lacks and nobody has here, but for Compose files, which would be no good ones if empty."""
    for path, digest in snapshot.outside.items():
        if digest is None and not path.startswith("/") and not path.endswith((".yaml", ".yml")):
            yield path
