"""How a project is called, values of variables included: only the journal keeps that, so that one can go back to it."""

from __future__ import annotations

import os
from pathlib import Path

from workers.adapters.docker.compose_project import INHERITED, Project, command_environment, own_environment
from workers.adapters.state.deployed import Call
from workers.changes.snapshot import Snapshot
from workers.changes.variables import with_variables
from workers.deploy.files.layout import Folders
from workers.model.stack import Stack


def live_project(stack: Stack, snapshot: Snapshot, folders: Folders) -> Project:
    """The Compose project of a stack at its live path, with the files that its snapshot was read from."""
    live = folders.live / stack.path
    return Project(
        name=stack.project,
        directory=live,
        live=live,
        files=tuple(str(folders.live / path) for path in snapshot.compose_files),
        env_files=tuple(str(folders.live / path) for path in snapshot.env_files),
        profiles=stack.options.profiles,
        environment=command_environment(stack, live, own_environment()),
        asks_for=snapshot.asked_for,
    )


def call_of(stack: Stack, project: Project, live: Path, *, keeps_unversioned: bool = False) -> Call:
    """How a project is called, for the journal: with it, the last good deployment can be brought back."""
    return Call(
        project=project.name,
        path=stack.path,
        files=tuple(os.path.relpath(path, live) for path in project.files),
        env_files=tuple(_relative(path, live) for path in project.env_files),
        profiles=project.profiles,
        variables=dict(stack.options.variables),
        environment={
            name: value
            for name, value in project.environment.items()
            if name not in stack.options.variables and name not in INHERITED
        },
        when_removed=stack.options.when_removed,
        keeps_unversioned=keeps_unversioned,
    )


def project_from(call: Call, stack: Stack, live: Path) -> Project:
    """The project as it was called at its last good deployment."""
    directory = live / call.path
    return Project(
        name=call.project or stack.project,
        directory=directory,
        live=directory,
        files=tuple(str(live / path) for path in call.files),
        env_files=tuple(str(live / path) for path in call.env_files),
        profiles=call.profiles,
        environment={**with_variables(own_environment(), call.variables), **call.environment},
    )


def _relative(path: str, live: Path) -> str:
    return os.path.relpath(path, live) if Path(path).is_relative_to(live) else path
