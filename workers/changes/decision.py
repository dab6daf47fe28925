"""What to do with a stack at a commit: pure, explainable, and for an unchanged stack a few lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workers.changes.closure import take_snapshot
from workers.changes.comparison import (
    changed_inputs,
    changed_outside,
    changed_paths,
    differing_files,
    is_same_closure,
    object_ids,
    retyped_paths,
)
from workers.changes.digest import keyed
from workers.changes.inputs import current_inputs
from workers.changes.resources import EXTERNAL, MOUNT, is_same_resource
from workers.changes.service_actions import ServiceActions
from workers.changes.snapshot import RULES, Snapshot
from workers.changes.tree import Outside, Tree
from workers.changes.unwritten import Unwritten
from workers.model.errors import GitUnavailable, InvalidStack
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Reason, ServiceDecision

_VOLUME_CHANGED = "the options of volume {name} changed; the volume holds data; rename it or remove it by hand {then}"
_THEN_ASK = "(and then `tegu deploy`, which looks at the volume itself; with --force it stays as it is)"
_THEN_FORCE = "(and then deploy with --force)"  # for one that is another volume by now


def is_unchanged(stack: Stack, record: Snapshot, tree: Tree, outside: Outside, key: bytes) -> bool:
    """Whether nothing that reaches the stack differs from the record; lookups only, nothing is parsed."""
    return (
        record.rules == RULES
        and is_same_closure(record, tree)
        and current_inputs(stack, outside, key, tuple(record.inputs)) == record.inputs
        and is_same_outside(record, outside, key)
    )


def is_same_outside(record: Snapshot, outside: Outside, key: bytes) -> bool:
    """Whether every file that Git lacks is as it was recorded."""
    for name, known in record.outside.items():
        if name.startswith("/"):
            content = outside.read(name)
        else:
            content = None if outside.live is None else outside.read(f"{outside.live}/{name}")
        if (None if content is None else keyed(key, content)) != known:
            return False
    return True


def undecided(stack: str, commit: str | None, error: GitUnavailable) -> Decision:
    """What to say of a stack whose content cannot be read: nothing is done to it, and the others go on."""
    return Decision(stack, Action.NONE, Reason.BLOCKED, commit, message=str(error))


def decide(
    stack: Stack,
    record: Snapshot | None,
    tree: Tree,
    outside: Outside,
    key: bytes,
    *,
    force: bool = False,
    recorded: Tree | None = None,
    asks_engine: bool = False,
) -> tuple[Decision, Snapshot | None]:
    """The decision and the snapshot of the new commit (None when it is invalid). Never raises `InvalidStack`.

    Args:
        stack: the stack with its effective options.
        record: what is deployed; None for nothing.
        tree: the commit to decide about.
        outside: the worker's host.
        key: for the keyed digests.
        force: every service is recreated.
        recorded: the record's own commit, where it still is there; used to make the record again under newer rules,
            and to tell which new paths of the closure really changed.
        asks_engine: whether somebody asks the engine what a volume holds before its changed definition is carried out,
            as a deployment does; else the definitions alone say it.
    """
    if record is not None and not force and is_unchanged(stack, record, tree, outside, key):
        return Decision(stack.id, Action.NONE, Reason.UNCHANGED, tree.commit), replace(record, commit=tree.commit)
    if recorded is None and record is not None and record.commit == tree.commit:
        recorded = tree
    # Whoever forces leaves volumes that hold data as they are.
    decision, new = _decide(stack, record, tree, outside, key, recorded, force=force, asks_engine=asks_engine)
    return replace(decision, objects=object_ids(decision.paths, record, tree, recorded)), new


def _decide(
    stack: Stack,
    record: Snapshot | None,
    tree: Tree,
    outside: Outside,
    key: bytes,
    recorded: Tree | None,
    *,
    force: bool,
    asks_engine: bool,
) -> tuple[Decision, Snapshot | None]:
    unwritten = outside if record is None else Unwritten(outside, record, tree)
    try:
        new = take_snapshot(stack, tree, unwritten, key, record=record)
    except InvalidStack as error:
        return _invalid(stack, record, tree, str(error)), None
    if record is None:
        return _first(stack, new, tree, force=force), new
    stale: tuple[str, ...] = ()
    if record.rules != RULES and recorded is not None:
        record, stale = _made_again(stack, record, recorded, outside, key)
    return _compare(stack, record, new, tree, recorded, stale, force=force, asks_engine=asks_engine), new


def _first(stack: Stack, new: Snapshot, tree: Tree, *, force: bool) -> Decision:
    services = {
        name: ServiceDecision(Action.BUILD if service.build else Action.UP)
        for name, service in sorted(new.services.items())
    }
    paths = tuple(sorted(path for path, entry in new.entries.items() if entry is not None))
    action = _strongest(services, Action.UP)
    reason = Reason.FORCED if force else Reason.FIRST_DEPLOY
    return Decision(stack.id, action, reason, tree.commit, paths, services)


def _invalid(stack: Stack, record: Snapshot | None, tree: Tree, message: str) -> Decision:
    paths: set[str] = set()
    for path, known in record.entries.items() if record else ():
        paths.update(differing_files(tree, known, tree.entry(path), path))
    return Decision(stack.id, Action.NONE, Reason.INVALID, tree.commit, paths=tuple(sorted(paths)), message=message)


def _made_again(
    stack: Stack, record: Snapshot, recorded: Tree, outside: Outside, key: bytes
) -> tuple[Snapshot, tuple[str, ...]]:
    """The record under today's rules, and the inputs outside Git that changed since it was made.

    Only the commit can be looked at again; what variables and files outside Git were then is known by digest only.
    """
    try:
        again = take_snapshot(stack, recorded, Unwritten(outside, record, recorded), key, record=record)
    except InvalidStack:
        return record, ()
    files = changed_outside(record, again)
    return again, (*changed_inputs(record, again), *(f"file:{name}" for name in files))


def _compare(
    stack: Stack,
    record: Snapshot,
    new: Snapshot,
    tree: Tree,
    recorded: Tree | None,
    stale: tuple[str, ...],
    *,
    force: bool,
    asks_engine: bool,
) -> Decision:
    changed = changed_paths(record, new, tree, recorded)
    paths = tuple(sorted({file for files in changed.values() for file in files}))
    outside = changed_outside(record, new)
    inputs = tuple(sorted({*stale, *changed_inputs(record, new), *(f"file:{name}" for name in outside)}))
    # Digests of other rules cannot be compared, and data is not to be feared for because of it: Compose asks.
    comparable = record.rules == new.rules
    volumes = _changed_volumes(record, new) if comparable else ()
    if not force and (name := _refused_volume(record, new, volumes, asks_engine=asks_engine)):
        is_another = _is_external(record.volumes, new.volumes, name)
        message = _VOLUME_CHANGED.format(name=name, then=_THEN_FORCE if is_another else _THEN_ASK)
        return Decision(stack.id, Action.NONE, Reason.INVALID, tree.commit, paths, inputs=inputs, message=message)
    retyped = retyped_paths(record, new, tree, changed)
    differing = changed | {name: (name,) for name in outside}
    actions = ServiceActions(record, new, differing, stack.options.on_change, retyped)
    services = _worked_out(actions, stale, force=force)
    removed = tuple(sorted(record.services.keys() - new.services))
    action = _strongest(services, Action.UP if removed else Action.NONE)
    return Decision(
        stack.id,
        action,
        Reason.FORCED if force else _reason(action, paths, inputs),
        tree.commit,
        paths,
        services,
        inputs=inputs,
        networks=tuple(name for name in actions.networks if not _is_external(record.networks, new.networks, name)),
        volumes=tuple(name for name in volumes if not _is_external(record.volumes, new.volumes, name)),
        removed=removed,
    )


def _worked_out(actions: ServiceActions, stale: tuple[str, ...], *, force: bool) -> dict[str, ServiceDecision]:
    if force:
        actions.raise_all(Action.RECREATE)
    if stale:
        actions.raise_users(stale, Action.UP)
    return actions.work_out()


def _reason(action: Action, paths: tuple[str, ...], inputs: tuple[str, ...]) -> Reason:
    if action is Action.NONE:
        return Reason.UNCHANGED
    return Reason.CONTENT_CHANGED if paths or not inputs else Reason.OPTIONS_CHANGED


def _changed_volumes(record: Snapshot, new: Snapshot) -> tuple[str, ...]:
    """The volumes with another definition, but those that were external and stay so."""
    return tuple(
        name
        for name in sorted(record.volumes.keys() & new.volumes)
        if not is_same_resource(before := record.volumes[name], after := new.volumes[name])
        and not (before.startswith(EXTERNAL) and after.startswith(EXTERNAL))
    )


def _refused_volume(record: Snapshot, new: Snapshot, volumes: tuple[str, ...], *, asks_engine: bool) -> str | None:
    """The first volume that may hold data, as far as its definitions say, where nobody asks the engine.

    One that becomes external, or was, is another volume by now whatever the engine says.
    """
    for name in volumes:
        if asks_engine and not _is_external(record.volumes, new.volumes, name):
            continue
        if not (record.volumes[name].startswith(MOUNT) and new.volumes[name].startswith(MOUNT)):
            return name
    return None


def _is_external(before: Mapping[str, str], after: Mapping[str, str], name: str) -> bool:
    return EXTERNAL in before[name] + after[name]


def _strongest(services: dict[str, ServiceDecision], least: Action) -> Action:
    return max((least, *(service.action for service in services.values())), key=lambda action: action.strength)
