"""What is deployed, where neither Redis nor the journal knows any more: from the pinned commit and the containers.

A commit is pinned at the end of a good deployment, so whatever the stack has at it was written by Tegu. How the stack
was called, and what lay outside Git, is taken to be as it is now: nothing else remembers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from workers.adapters.state.deployed import Deployed, is_of_another_worker
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.state import State
from workers.changes.snapshot import Snapshot
from workers.deploy.containers.provenance import named_at, strays
from workers.deploy.containers.running import Running
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import Manifest, save_manifest
from workers.deploy.files.safe_path import Root
from workers.deploy.sight import Sight
from workers.deploy.transaction.call import call_of, live_project
from workers.deploy.transaction.record import containers_of, deployed
from workers.deploy.transaction.restore import is_in_place
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.model.words import Action, Entry
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lost:
    """What is deployed although the state on this host is lost.

    Attributes:
        record: what is deployed.
        files: what Tegu has written into the live directory.
        disturbed: services of which nobody knows whether they are as recorded, and what makes sure.
    """

    record: Deployed
    files: Manifest
    disturbed: Mapping[str, Action] = field(default_factory=dict)


def find_lost(services: Services, stack: Stack, journal: JournalEntry, known: Deployed | None) -> Lost | None:
    """What is deployed of a stack whose state on this host is lost.

    None where nothing was lost, or where containers do not say that they are what is pinned.

    Args:
        services: the process's.
        stack: the stack.
        journal: what its journal says.
        known: what Redis has as deployed.

    Raises:
        EngineUnavailable: the engine is away.
    """
    folders = Folders.of(services.settings.data_dir, stack)
    if folders.manifest.exists():
        return None
    if journal.record or journal.left or is_of_another_worker(stack, journal.record, known):
        return None
    return _recorded(services, stack, known) if known else _pinned(services, stack, folders)


def recover(state: State, stack: Stack, folders: Folders, lost: Lost, fence: int) -> None:
    """Write down again what is deployed.

    Args:
        state: where to.
        stack: the stack.
        folders: the stack's.
        lost: what was found out.
        fence: the number of the stack's lease.
    """
    record = lost.record
    log.warning("finding out what is deployed, since it was lost", stack=stack.id, commit=record.commit)
    save_manifest(folders.manifest, lost.files)
    call = call_of(stack, live_project(stack, record.snapshot, folders), folders.live)
    state.journal.update(stack.id, record=record, fence=fence, call=call, disturbed=lost.disturbed)
    state.records.put(stack.id, record, fence, deployed_commit=record.commit, verified_commit=record.commit)


def _recorded(services: Services, stack: Stack, record: Deployed) -> Lost | None:
    """What Redis still knows."""
    with suppress(UnknownName):
        clone = services.clone(record.repo_of(stack))
        return Lost(record, record.snapshot.files(clone.tree(clone.resolve(record.commit))))
    return None


def _pinned(services: Services, stack: Stack, folders: Folders) -> Lost | None:
    """The pinned commit, where containers say that they were made from the stack's own directory."""
    clone = services.clone(stack.repo)
    commit = clone.pins().get(f"deployed/{stack.id}")
    if commit is None:
        return None
    engine = services.containers(stack.docker_host)
    running = Running.now(engine, stack.project)
    if {each.container.working_dir for each in running.details} != {str(folders.live / stack.path)}:
        return None
    snapshot = Sight(services, stack).compare(None, commit).snapshot
    if snapshot is None:
        return None
    files = snapshot.files(clone.tree(commit))
    others = strays(engine, running.containers(), named_at(snapshot, services.key))
    is_sure = not others and _is_as_deployed(snapshot, files, running, folders)
    disturbed = {} if is_sure else dict.fromkeys(snapshot.services, Action.RECREATE)
    return Lost(_record(services, stack, snapshot, running, folders), files, disturbed)


def _is_as_deployed(snapshot: Snapshot, files: Mapping[str, Entry], running: Running, folders: Folders) -> bool:
    """Whether containers of just these services run from just these Compose files."""
    live = Root(folders.live)
    try:
        same = all(is_in_place(live, path, files[path]) for path in snapshot.made_of if path in files)
    finally:
        live.close()
    return same and {each.container.service for each in running.details} == snapshot.services.keys()


def _record(services: Services, stack: Stack, snapshot: Snapshot, running: Running, folders: Folders) -> Deployed:
    return deployed(
        stack,
        snapshot,
        working_dir=str(folders.live / stack.path),
        services=snapshot.services,
        images={each.container.image: each.container.image_id for each in running.details},
        containers=containers_of(running),
        previous=services.clone(stack.repo).pins().get(f"previous/{stack.id}"),
    )
