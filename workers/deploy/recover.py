"""What is deployed, where neither Redis nor the journal knows any more: from the pinned commit and the containers.

A commit is pinned at the end of a good deployment, so whatever the stack has at it was written by Tegu. How the stack
was called, and what lay outside Git, is taken to be as it is now: nothing else remembers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from workers.adapters.state.clock import now
from workers.adapters.state.deployed import is_of_another_worker
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Outside, Tree
from workers.deploy.containers.provenance import named_at, strays
from workers.deploy.containers.running import Running
from workers.deploy.decide import decide_at
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import save_manifest
from workers.deploy.files.safe_path import Root
from workers.deploy.transaction.record import call_of, containers_of, live_project
from workers.deploy.transaction.restore import is_in_place
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.model.words import Action, Entry
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_Found = tuple[Snapshot, Tree, Running]


def recover(services: Services, stack: Stack, outside: Outside, fence: int) -> None:
    """Find out what is deployed of a stack whose state on this host is lost, and write it down again.

    Nothing happens where nothing was lost, or where containers do not say that they are what is pinned.

    Args:
        services: the process's.
        stack: the stack.
        outside: the stack's host.
        fence: the number of the stack's lease.

    Raises:
        EngineUnavailable: the engine is away.
    """
    state, folders = services.state, Folders.of(services.settings.data_dir, stack)
    if folders.manifest.exists():
        return
    journal, record = state.journal.load(stack.id), state.records.get(stack.id)
    if journal.get("record") or journal.get("left") or is_of_another_worker(stack, journal, record):
        return
    found = _recorded(services, stack, record) if record else _pinned(services, stack, folders, outside)
    if found is None:
        return
    snapshot, tree, running = found
    files = snapshot.files(tree)
    log.warning("finding out what is deployed, since it was lost", stack=stack.id, commit=snapshot.commit)
    save_manifest(folders.manifest, files)
    disturbed = {}
    if record is None:
        record = _record(services, stack, snapshot, running, folders)
        engine = services.containers(stack.docker_host)
        others = strays(engine, running.containers(), named_at(snapshot, services.key))
        if others or not _is_as_deployed(snapshot, files, running, folders):
            disturbed = dict.fromkeys(snapshot.services, Action.RECREATE)
    call = call_of(stack, live_project(stack, snapshot, folders), folders.live)
    state.journal.update(stack.id, record=record, fence=fence, call=call, disturbed=disturbed or None)
    state.records.put(stack.id, record, fence, deployed_commit=snapshot.commit, verified_commit=snapshot.commit)


def _recorded(services: Services, stack: Stack, record: Mapping[str, Any]) -> _Found | None:
    """What Redis still knows."""
    snapshot = Snapshot.from_json(record["snapshot"])
    with suppress(UnknownName):
        clone = services.clone(record.get("repo") or stack.repo)
        return snapshot, clone.tree(clone.resolve(snapshot.commit)), Running(())
    return None


def _pinned(services: Services, stack: Stack, folders: Folders, outside: Outside) -> _Found | None:
    """The pinned commit, where containers say that they were made from the stack's own directory."""
    clone = services.clone(stack.repo)
    commit = clone.pins().get(f"deployed/{stack.id}")
    if commit is None:
        return None
    running = Running.now(services.containers(stack.docker_host), stack.project)
    if {each.container.working_dir for each in running.details} != {str(folders.live / stack.path)}:
        return None
    _, snapshot = decide_at(services, stack, commit, None, outside=outside)
    return None if snapshot is None else (snapshot, clone.tree(commit), running)


def _is_as_deployed(snapshot: Snapshot, files: Mapping[str, Entry], running: Running, folders: Folders) -> bool:
    """Whether containers of just these services run from just these Compose files."""
    live = Root(folders.live)
    try:
        same = all(is_in_place(live, path, files[path]) for path in snapshot.made_of if path in files)
    finally:
        live.close()
    return same and {each.container.service for each in running.details} == snapshot.services.keys()


def _record(services: Services, stack: Stack, snapshot: Snapshot, running: Running, folders: Folders) -> dict[str, Any]:
    return {
        "snapshot": snapshot.to_json(),
        "commit": snapshot.commit,
        "repo": stack.repo,
        "ref": stack.ref,
        "project": stack.project,
        "path": stack.path,
        "docker_host": stack.docker_host,
        "worker": stack.worker,
        "working_dir": str(folders.live / stack.path),
        "fingerprint": snapshot.fingerprint,
        "services": sorted(snapshot.services),
        "images": {each.container.image: each.container.image_id for each in running.details},
        "containers": containers_of(running),
        "deployment": "",
        "at": now(),
        "previous": services.clone(stack.repo).pins().get(f"previous/{stack.id}"),
    }
