"""The record of what is deployed, and what only the journal keeps: how the project was called, values included."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from workers.adapters.docker.compose_project import INHERITED, Project, command_environment, own_environment
from workers.adapters.state.clock import now
from workers.adapters.state.deployed import Call, Deployed, RecordedContainer
from workers.changes.snapshot import Snapshot
from workers.changes.variables import with_variables
from workers.deploy.containers import compose_model
from workers.deploy.containers.running import Running
from workers.deploy.files.layout import Folders
from workers.deploy.transaction.attempt import Attempt
from workers.model.stack import Stack


def record_of(attempt: Attempt, running: Running) -> Deployed:
    """What is deployed once an attempt has succeeded."""
    names = compose_model.all_images(attempt.model, attempt.stack.project)
    ids = {each.container.image: each.container.image_id for each in running.details}
    return deployed(
        attempt.stack,
        attempt.snapshot,
        working_dir=str(attempt.live_directory),
        services=compose_model.services(attempt.model),
        images={name: ids.get(name) or attempt.tools.engine.image_id(name) for name in sorted(names)},
        containers=containers_of(running),
        deployment=attempt.name,
    )


def deployed(
    stack: Stack,
    snapshot: Snapshot,
    *,
    working_dir: str,
    services: Iterable[str],
    images: Mapping[str, str | None],
    containers: Mapping[str, RecordedContainer],
    deployment: str = "",
    previous: str | None = None,
) -> Deployed:
    """A record of a stack as it is now: fit for Redis, so it holds no values of variables.

    Args:
        stack: the stack.
        snapshot: of what is deployed.
        working_dir: the project directory.
        services: those that are active.
        images: the id that each image name stands for.
        containers: by name.
        deployment: the deployment's id; empty where nobody knows.
        previous: the commit that was deployed before.
    """
    return Deployed(
        snapshot=snapshot,
        fingerprint=snapshot.fingerprint,
        repo=stack.repo,
        ref=stack.ref,
        project=stack.project,
        docker_host=stack.docker_host,
        worker=stack.worker,
        working_dir=working_dir,
        services=tuple(sorted(services)),
        images=images,
        containers=containers,
        deployment=deployment,
        at=now(),
        previous=previous,
    )


def containers_of(running: Running) -> dict[str, RecordedContainer]:
    """The containers after a deployment by name, for drift."""
    return {
        each.container.name: RecordedContainer(
            id=each.container.id,
            service=each.container.service,
            image_id=each.container.image_id,
            config_hash=each.container.config_hash,
            compose=each.container.release,
            state=each.state,
            restart=each.restart_policy,
        )
        for each in sorted(running.details, key=lambda found: found.container.name)
    }


def brought_back(record: Deployed, running: Running, starts: frozenset[tuple[str, str]]) -> Deployed:
    """The record after the way back: the containers that were made or started on it are others than those before.

    What is recorded of any other stays, so that one that has drifted, or that did not come back, is still drift.

    Args:
        record: what is deployed.
        running: what runs of it now.
        starts: which containers had been started when, before anything was touched.
    """
    fresh = tuple(each for each in running.details if (each.container.id, each.started_at) not in starts)
    return replace(record, containers={**record.containers, **containers_of(Running(fresh))})


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
