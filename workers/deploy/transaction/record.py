"""The record of what is deployed, and what only the journal keeps: how the project was called, values included."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.adapters.docker.compose_project import INHERITED, Project, command_environment, own_environment
from workers.adapters.state.clock import now
from workers.changes.snapshot import Snapshot
from workers.changes.variables import with_variables
from workers.deploy.containers import compose_model
from workers.deploy.containers.running import Running
from workers.deploy.files.layout import Folders
from workers.deploy.transaction.attempt import Attempt
from workers.model.stack import Stack


def record_of(attempt: Attempt, running: Running) -> dict[str, Any]:
    """What is deployed: fit for Redis, so it holds no values of variables."""
    names = compose_model.all_images(attempt.model, attempt.stack.project)
    ids = {each.container.image: each.container.image_id for each in running.details}
    return {
        "snapshot": attempt.snapshot.to_json(),
        "commit": attempt.snapshot.commit,
        "repo": attempt.stack.repo,
        "ref": attempt.stack.ref,
        "project": attempt.stack.project,
        "path": attempt.stack.path,
        "docker_host": attempt.stack.docker_host,
        "worker": attempt.stack.worker,
        "working_dir": str(attempt.live_directory),
        "fingerprint": attempt.snapshot.fingerprint,
        "services": sorted(compose_model.services(attempt.model)),
        "images": {name: ids.get(name) or attempt.tools.engine.image_id(name) for name in sorted(names)},
        "containers": containers_of(running),
        "deployment": attempt.name,
        "at": now(),
    }


def containers_of(running: Running) -> dict[str, dict[str, str]]:
    """The containers after a deployment by name, for drift: their service, id, image and Compose's digest.

    Digests of two releases of Compose cannot be compared, so `compose` says which one made a container; records of
    before that have none.
    """
    return {
        each.container.name: {
            "id": each.container.id,
            "service": each.container.service,
            "image": each.container.image_id,
            "config_hash": each.container.config_hash,
            "compose": each.container.release,
            "state": each.state,
            "restart": each.restart_policy,
        }
        for each in sorted(running.details, key=lambda found: found.container.name)
    }


def brought_back(record: Mapping[str, Any], running: Running, starts: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """The record after the way back: the containers that were made or started on it are others than those before.

    What is recorded of any other stays, so that one that has drifted, or that did not come back, is still drift.

    Args:
        record: what is deployed.
        running: what runs of it now.
        starts: which containers had been started when, before anything was touched.
    """
    fresh = tuple(each for each in running.details if (each.container.id, each.started_at) not in starts)
    return {**record, "containers": {**record["containers"], **containers_of(Running(fresh))}}


def moved_on(record: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """The record when files were written that reach no service."""
    return {
        **{name: value for name, value in record.items() if name != "heals"},
        "snapshot": snapshot.to_json(),
        "commit": snapshot.commit,
        "fingerprint": snapshot.fingerprint,
        "at": now(),
    }


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


def call_of(stack: Stack, project: Project, live: Path) -> dict[str, Any]:
    """How a project is called, for the journal: with it, the last good deployment can be brought back."""
    return {
        "files": [os.path.relpath(path, live) for path in project.files],
        "env_files": [_relative(path, live) for path in project.env_files],
        "profiles": list(project.profiles),
        "variables": dict(stack.options.variables),
        "environment": {
            name: value
            for name, value in project.environment.items()
            if name not in stack.options.variables and name not in INHERITED
        },
        "path": stack.path,
        "project": project.name,
        "when_removed": stack.options.when_removed,
    }


def project_from(call: Mapping[str, Any], stack: Stack, live: Path) -> Project:
    """The project as it was called at its last good deployment."""
    directory = live / call["path"]
    return Project(
        name=call.get("project", stack.project),
        directory=directory,
        live=directory,
        files=tuple(str(live / path) for path in call["files"]),
        env_files=tuple(str(live / path) for path in call["env_files"]),
        profiles=tuple(call["profiles"]),
        environment=with_variables(own_environment(), call["variables"]) | call["environment"],
    )


def _relative(path: str, live: Path) -> str:
    return os.path.relpath(path, live) if Path(path).is_relative_to(live) else path
