"""What a project's own files say of its name and its files, which the catalog overrules: people are to know."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from workers.changes.project import Project

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9_-]")


def overruled(project: Project) -> Iterator[str]:
    """Each thing that a call of Compose by hand goes by and Tegu does not, as a warning with the file and the remedy.

    By hand the project may have run under another name, with volumes that Tegu would not use. Where the catalog gives
    a project's name or files of its own, that is the answer already.

    Args:
        project: the project.
    """
    stack = project.stack
    name, file = _asked_name(project)
    if name and name != stack.project == stack.name:
        yield (
            f"{file} names the project {name}, but it is {stack.project} here, with containers and volumes of its own; "
            f"write `project: {name}` for {stack.name} in tegu.yaml to keep that name"
        )
    listed, file = _of_env_files(project, "COMPOSE_FILE")
    if stack.options.files is None and listed and _places(project, listed) != list(project.files):
        files = ", ".join(listed.split(_separator(project)))
        yield (
            f"{file} sets COMPOSE_FILE={listed}, which is not gone by; "
            f"write `files: [{files}]` for {stack.name} in tegu.yaml to use these"
        )


def _asked_name(project: Project) -> tuple[str, str]:
    """The name that Compose would take by itself, with the file that it stands in.

    What the files say is made a name of Compose's own kind first; that of a variable has to be one.
    """
    asked = _of_env_files(project, "COMPOSE_PROJECT_NAME")
    if asked[0] or project.model.named is None:
        return asked
    name, file = project.model.named
    return _NOT_IN_A_NAME.sub("", name.lower()).lstrip("_-"), file


def _of_env_files(project: Project, variable: str) -> tuple[str, str]:
    """What env files give a variable, and their names."""
    for file in project.variables.files:
        if value := file.values.get(variable):
            outside = (label.removeprefix("file:") for label in file.usage.inputs if label.startswith("file:"))
            return value, ", ".join(dict.fromkeys((*file.usage.paths, *outside)))
    return "", ""


def _separator(project: Project) -> str:
    return _of_env_files(project, "COMPOSE_PATH_SEPARATOR")[0] or ":"


def _places(project: Project, listed: str) -> list[str]:
    parts = listed.split(_separator(project))
    return [posixpath.normpath(posixpath.join(project.folder, part)) for part in parts]
