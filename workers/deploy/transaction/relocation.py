"""Where a stack was deployed last, when the catalog has given it another project, engine or worker since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workers.adapters.docker.compose_project import Project
from workers.adapters.state.deployed import host_of, is_of_another_worker
from workers.catalog.catalog import project_of
from workers.deploy.containers.running import Running
from workers.deploy.transaction.attempt import Former
from workers.deploy.transaction.record import project_from
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.services import Services

_LOCAL = "unix://"  # such an engine sees the files of the worker's own host


def former_of(
    services: Services, stack: Stack, record: Mapping[str, Any] | None, journal: Mapping[str, Any]
) -> Former | None:
    """Where a stack was deployed last; None where it was what it is now.

    Args:
        services: the process's.
        stack: the stack.
        record: what is deployed, by whatever worker.
        journal: what this host knows of it.

    Raises:
        EngineUnavailable: the engine that the stack has now is away.
    """
    if record is not None and is_of_another_worker(stack, journal, record):
        return _by_another_worker(services, stack, record)
    if left := journal.get("left"):
        return Former(f"by worker {left['to']}", distant=True, same_files=False)
    call = journal.get("call")
    if record is None or not call:
        return None
    name, host = str(record.get("project", stack.project)), host_of(stack, record)
    project = replace(project_from(call, stack, services.live(stack)), name=name)
    if host != stack.docker_host:
        return _on_another_engine(services, stack, project, host)
    if name == stack.project or _is_taken(services, stack, name, host):
        return None
    engine = services.containers(host)
    return Former(f"as project {name}", project, engine, Running.now(engine, name))


def _by_another_worker(services: Services, stack: Stack, record: Mapping[str, Any]) -> Former | None:
    """None where its containers are on the engine that the stack has now, too: then only their directory is another."""
    theirs = {each["id"] for each in (record.get("containers") or {}).values()}
    here = {each.id for each in services.containers(stack.docker_host).containers(stack.project)}
    if record.get("project", stack.project) == stack.project and theirs & here:
        return None
    return Former(f"by worker {record['worker']}", distant=True, same_files=False)


def _on_another_engine(services: Services, stack: Stack, project: Project, host: str) -> Former | None:
    engine, new = services.containers(host), services.containers(stack.docker_host)
    same_files = host.startswith(_LOCAL) and stack.docker_host.startswith(_LOCAL)
    lost = Former(f"to {host}", distant=True, same_files=same_files)
    if _is_taken(services, stack, project.name, host):
        return replace(lost, place=f"to {host}, where its project {project.name} is that of another stack now")
    try:
        running = Running.now(engine, project.name)
    except EngineUnavailable:
        return replace(lost, place=f"to {host}, which cannot be reached")
    seen = {each.id for each in new.containers(project.name)}
    if seen.intersection(each.container.id for each in running.details):
        # Both list the same container, so it is one engine that has got another address.
        return None if project.name == stack.project else Former(f"as project {project.name}", project, new, running)
    return Former(f"to {host}", project, engine, running, distant=True, same_files=same_files)


def _is_taken(services: Services, stack: Stack, project: str, host: str) -> bool:
    """Whether some stack has this project there now."""
    place = project_of(replace(stack, docker_host=host, project=project))
    return any(project_of(each) == place for each in services.stacks.all())
