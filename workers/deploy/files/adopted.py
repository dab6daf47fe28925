"""What Compose reads in the directory that a project runs from, while somebody has it brought along."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from workers.adapters.docker.visibility import sight_of
from workers.adapters.state.marks import Adoption
from workers.changes.tree import Outside
from workers.deploy.files.bring_data import copy_all
from workers.deploy.files.data import elsewhere
from workers.deploy.files.layout import make_live
from workers.model.stack import Stack
from workers.services import Services


class OldFiles:
    """A stack's host on which files that Git lacks are found in its old directory, until the live one has them.

    Args:
        outside: the host as it is.
        project_path: the project directory from the repository's root.
        old: the directories that the project's containers were made from.
    """

    def __init__(self, outside: Outside, project_path: str, old: tuple[str, ...]) -> None:
        self.live = outside.live
        self.environ: Mapping[str, str] = outside.environ
        self._outside = outside
        self._old = old
        self._project = f"{outside.live}/{project_path}"
        self._found: dict[str, str] = {}

    def read(self, path: str) -> bytes | None:
        """A file's bytes by absolute path, or None when it is absent in both places."""
        content = self._outside.read(path)
        if content is not None or not path.startswith(f"{self._project}/"):
            return content
        for directory in self._old:
            old = f"{directory}/{path[len(self._project) + 1 :]}"
            content = self._outside.read(old)
            if content is not None:
                self._found[path] = old
                return content
        return None

    def bring(self) -> None:
        """Copy what was read in the old directory, where Git turned out not to have it, to the live one."""
        for path, old in self._found.items():
            if not Path(path).exists():
                make_live(Path(path).parent)
                copy_all(old, path, threading.Event())
        self._found.clear()


def files_for(services: Services, stack: Stack, adoption: Adoption | None) -> OldFiles | None:
    """What a stack is to be read through while it is adopted with its data; None when it is not.

    Raises:
        EngineUnavailable: the engine is away.
    """
    if adoption is None or adoption.data in {None, "leave"}:
        return None
    engine = services.containers(stack.docker_host)
    old = elsewhere(engine.containers(stack.project), services.live(stack) / stack.path)
    sight = sight_of(engine, services.own_container) if old else None
    seen = tuple(each for each in old if sight is None or sight.sees(each))
    return OldFiles(services.outside(stack), stack.path, seen)
