"""Carrying a stack over to its new name: its record, its directory and its project, without touching a container.

The directory stays where it is, and the new name leads to it; a folder that has another name in the repository gets it
here, too, with a link where it was. The journal of the new name is the point of no return: before it is written nothing
has happened, and after it the next look goes on with whatever a kill has left, in the same order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from workers.adapters.state.clock import now
from workers.adapters.state.deployed import Call, Deployed
from workers.adapters.state.exclusion import exclusive
from workers.adapters.state.journal import JournalEntry
from workers.changes.closure import take_snapshot
from workers.changes.rebase import moved_path, rebased
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Outside
from workers.deploy.files.exchange import link_directory, rename_with_link
from workers.deploy.files.layout import Folders, remove_tree
from workers.deploy.files.manifest import load_manifest, save_manifest
from workers.deploy.files.unversioned import remember
from workers.deploy.heritage import is_same, keeps_project
from workers.deploy.remove import drop_pins
from workers.deploy.take_down import stack_of
from workers.deploy.transaction.record import pin
from workers.deploy.transaction.steps import Step
from workers.model.errors import InvalidStack
from workers.model.stack import Stack, live_directory
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)


def carry_over(services: Services, stack: Stack, source: str, commit: str, fence: int) -> None:
    """Let a stack go on with what another one has that is gone, or go on with doing so.

    Args:
        services: the process's.
        stack: the stack, whose lock is held.
        source: the other one.
        commit: the newest commit.
        fence: the number of the stack's lease.

    Raises:
        Busy: somebody is at the other one.
        TransientError: something is away; the next look goes on.
    """
    state = services.state
    with exclusive(state, source):
        if state.journal.load(stack.id).carried is None:
            journal = state.journal.load(source)
            record = journal.record
            if record is None:
                return  # somebody has forgotten it meanwhile
            services.at_step(Step.CARRY)
            state.journal.update(source, heir=stack.id)
            _begin(services, stack, source, journal, record, commit, fence)
        _finish(services, stack, source, fence)


def _begin(
    services: Services, stack: Stack, source: str, journal: JournalEntry, record: Deployed, commit: str, fence: int
) -> None:
    carried = _record(services, stack, source, record, commit)
    call = journal.call and _call(journal.call, stack, carried, live_directory(services.settings.data_dir, source))
    services.at_step(Step.CARRY)
    services.state.journal.update(
        stack.id,
        record=carried,
        fence=fence,
        call=call,
        disturbed=journal.disturbed,
        volumes=journal.volumes,
        networks=journal.networks,
        removed=journal.removed if journal.removed and journal.removed.was_touched else None,
        stopped=journal.stopped,
        when_removed=journal.when_removed,
        carried=(source, record.path),
    )


def _record(services: Services, stack: Stack, source: str, record: Deployed, commit: str) -> Deployed:
    snapshot = rebased(record.snapshot, stack.path)
    if record.path != stack.path and is_same(services, stack, source, record, commit):
        snapshot = _read_anew(services, stack, source, record, commit) or snapshot
    root = live_directory(services.settings.data_dir, source)
    return replace(
        record,
        snapshot=snapshot,
        fingerprint=snapshot.fingerprint,
        repo=stack.repo,
        ref=stack.ref,
        working_dir=str(Path(root, stack.path)),
        renamed_from=source,
        at=now(),
    )


@dataclass(frozen=True)
class _Former:
    """The stack's host, with the files that Git lacks where they are before the folder has its new name."""

    live: str | None
    environ: Mapping[str, str]
    outside: Outside
    old: str
    new: str

    def read(self, path: str) -> bytes | None:
        """A file's bytes by absolute path, or None when it is absent."""
        return self.outside.read(moved_path(path, self.new, self.old))


def _read_anew(services: Services, stack: Stack, source: str, record: Deployed, commit: str) -> Snapshot | None:
    """The record's content as the stack has it: what definitions are made of names the folder."""
    outside, live = services.outside(stack), live_directory(services.settings.data_dir, source)
    former = _Former(live, outside.environ, outside, str(Path(live, record.path)), str(Path(live, stack.path)))
    there = replace(stack, project=record.project or stack.project)
    with contextlib.suppress(InvalidStack):
        return take_snapshot(there, services.clone(stack.repo).tree(commit), former, services.key)
    return None


def _call(call: Call, stack: Stack, record: Deployed, root: str) -> Call:
    old = call.path
    environment = dict(call.environment)
    if environment.get("PWD") == str(Path(root, old)):
        environment["PWD"] = str(Path(root, stack.path))
    return replace(
        call,
        project=record.project,
        path=stack.path,
        files=tuple(moved_path(each, old, stack.path) for each in call.files),
        env_files=tuple(moved_path(each, old, stack.path) for each in call.env_files),
        environment=environment,
    )


def _finish(services: Services, stack: Stack, source: str, fence: int) -> None:
    """Everything else; each step may have been done before."""
    state, data_dir = services.state, services.settings.data_dir
    journal = state.journal.load(stack.id)
    record, carried = journal.record, journal.carried
    if record is None or carried is None:
        return
    services.at_step(Step.CARRY)
    root = Path(live_directory(data_dir, source))
    if root.is_dir():
        link_directory(data_dir / "stacks" / stack.id, root)
        if carried[1] != stack.path:
            services.at_step(Step.CARRY)
            rename_with_link(root, carried[1], stack.path)
    services.at_step(Step.CARRY)
    _move_files(data_dir, source, carried[1], stack, record)
    services.at_step(Step.CARRY)
    pin(services, stack, record.commit, record.previous)
    drop_pins(services, stack_of(source, record))
    services.at_step(Step.CARRY)
    if record.project and record.project != stack.project and keeps_project(services, stack, record):
        state.discovered.keep_project(stack.id, record.project)
    services.at_step(Step.CARRY)
    state.hand_on(source, stack.id)
    state.forget(source)
    state.journal.delete(source)
    state.heirs.note([stack.id], {})
    services.at_step(Step.CARRY)
    if (adoption := state.adoptions.get(stack.id)) and adoption.source and adoption.data is None:
        state.adoptions.done(stack.id)
    state.journal.update(stack.id, carried=None)
    services.at_step(Step.CARRY)
    # Last, for whoever finds a record here looks at no journal.
    _show(services, stack, record, journal, fence)
    log.warning("stack carried over", stack=stack.id, source=source, project=record.project)


def _show(services: Services, stack: Stack, record: Deployed, journal: JournalEntry, fence: int) -> None:
    """Write for everybody what is deployed under the new name."""
    commit = record.commit
    services.state.records.put(
        stack.id,
        record,
        fence,
        deployed_commit=commit,
        verified_commit=commit,
        removed=journal.removed,
        stopped=journal.stopped,
    )


def _move_files(data_dir: Path, source: str, old: str, stack: Stack, record: Deployed) -> None:
    """What is known of the directory goes along: which files Tegu has written, and what was changed of them."""
    before, after = Folders.of(data_dir, stack_of(source, record)), Folders.of(data_dir, stack)
    if before.manifest.exists():
        written = load_manifest(before.manifest)
        save_manifest(after.manifest, {moved_path(path, old, stack.path): each for path, each in written.items()})
        before.manifest.unlink()
    if before.kept.is_dir() and not after.kept.exists():
        before.kept.rename(after.kept)
    remember(after, record.snapshot.outside_paths)
    for each in (before.good, before.stage, before.undo, before.aside):
        remove_tree(each)
