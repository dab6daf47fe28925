"""Where a stack was deployed last, when the catalog has given it another project, engine or worker since."""

from __future__ import annotations

from dataclasses import replace

from workers.adapters.docker.compose_project import Project
from workers.adapters.state.deployed import Deployed, is_of_another_worker
from workers.adapters.state.journal import JournalEntry
from workers.catalog.catalog import project_of
from workers.deploy.containers.running import Running
from workers.deploy.transaction.call import project_from
from workers.deploy.transaction.ground import Former
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack
from workers.services import Services

_LOCAL = "unix://"  # such an engine sees the files of the worker's own host


def former_of(services: Services, stack: Stack, record: Deployed | None, journal: JournalEntry) -> Former | None:
    """Where a stack was deployed last; None where it was what it is now.

    Args:
        services: the process's.
        stack: the stack.
        record: what is deployed, by whatever worker.
        journal: what this host knows of it.

    Raises:
        EngineUnavailable: the engine that the stack has now is away.
    """
    if record is not None and is_of_another_worker(stack, journal.record, record):
        return _by_another_worker(services, stack, record)
    if journal.left is not None:
        return Former(f"by worker {journal.left.to}", distant=True, same_files=False)
    if record is None or journal.call is None:
        return None
    home = record.home(stack)
    name, host = home.project, home.docker_host
    project = replace(project_from(journal.call, stack, services.live(stack)), name=name)
    if host != stack.docker_host:
        return _on_another_engine(services, stack, project, host)
    if name == stack.project or _is_taken(services, stack, name, host):
        return None
    engine = services.containers(host)
    return Former(f"as project {name}", project, engine, Running.now(engine, name))


def _by_another_worker(services: Services, stack: Stack, record: Deployed) -> Former | None:
    """None where its containers are on the engine that the stack has now, too: then only their directory is another."""
    theirs = {each.id for each in record.containers.values()}
    here = {each.id for each in services.containers(stack.docker_host).containers(stack.project)}
    if record.home(stack).project == stack.project and theirs & here:
        return None
    return Former(f"by worker {record.worker}", distant=True, same_files=False)


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
