"""Which paths of two closures differ, down to single files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from workers.changes.filtered import differing, filtered
from workers.changes.ignorefile import BadPatternError
from workers.changes.snapshot import Snapshot
from workers.changes.tree import FOLDER, LINK, SUBMODULE, Tree
from workers.model.errors import InvalidStack
from workers.model.words import Entry


def is_same_closure(record: Snapshot, tree: Tree) -> bool:
    """Whether every path of a recorded closure has the same content in a tree; lookups only."""
    entry = tree.entry
    for path, known in record.entries.items():
        found = entry(path)
        if found != known and not _is_same_after_filter(record, tree, path, found):
            return False
    for path, was_folder in record.folders.items():
        found = entry(path)
        mode = found.mode if found else 0
        if (mode != FOLDER) if was_folder else (mode in {LINK, SUBMODULE}):
            return False
    return True


def _is_same_after_filter(record: Snapshot, tree: Tree, path: str, found: Entry | None) -> bool:
    if path not in record.filtered or found is None or found.mode != FOLDER:
        return False
    ignore = record.entries.get(record.filters[path])
    content = tree.blob(ignore.oid) if ignore else b""
    try:
        return filtered(tree, path, found, content).left.digest == record.filtered[path]
    except (BadPatternError, InvalidStack):
        return False  # reading the closure says what is wrong


def changed_paths(record: Snapshot, new: Snapshot, tree: Tree, recorded: Tree | None) -> dict[str, tuple[str, ...]]:
    """The closure paths whose content differs, each with the files below it that do (itself when it is a file).

    Args:
        record: what is deployed.
        new: the closure at the new commit.
        tree: the new commit.
        recorded: the record's commit, where it is known: it tells whether paths that are new in the closure changed.
    """
    changed = {}
    for path in sorted({*record.entries, *new.entries}):
        before = record.entries[path] if path in record.entries else recorded.entry(path) if recorded else None
        after = new.entries[path] if path in new.entries else tree.entry(path)
        if before == after and record.filtered.get(path) == new.filtered.get(path):
            continue
        if path in record.filtered or path in new.filtered:
            files = tuple(differing(record.side(tree, path), new.side(tree, path), path))
        else:
            files = tuple(differing_files(tree, before, after, path))
        if files:
            changed[path] = files
    return changed


def differing_files(tree: Tree, before: Entry | None, after: Entry | None, path: str) -> list[str]:
    """The files that differ between two entries of one path; equal folders are not opened.

    Args:
        tree: any tree of the clone.
        before: the old entry, None when absent.
        after: the new one.
        path: where both stand.
    """
    files = []
    waiting = [(path, before, after)]
    while waiting:
        path, before, after = waiting.pop()
        if before == after:
            continue
        if any(entry is not None and entry.mode != FOLDER for entry in (before, after)):
            files.append(path)
        folders = [tree.listing(entry.oid) if entry and entry.mode == FOLDER else {} for entry in (before, after)]
        waiting += [
            (f"{path}/{name}" if path else name, folders[0].get(name), folders[1].get(name))
            for name in sorted({*folders[0], *folders[1]}, reverse=True)
        ]
    return files


def retyped_paths(record: Snapshot, new: Snapshot, tree: Tree, paths: Iterable[str]) -> frozenset[str]:
    """Those of the paths at which a file stands where a folder was, or the other way round; symlinks are followed.

    Where Git had nothing, Compose or the engine has made a folder. Where it has nothing any more, what was there stays.
    The mount point within a container is of the kind that its source had when the container was made, and the engine
    starts it with no other one ("Are you trying to mount a directory onto a file (or vice-versa)?", engine 20.10).

    Args:
        record: what is deployed.
        new: the closure at the new commit.
        tree: any tree of the clone.
        paths: closure paths.
    """
    found = set()
    for path in paths:
        after = _is_folder(new, tree, path)
        before = path in record.entries and (record.entries[path] is None or _is_folder(record, tree, path))
        if path in record.entries and None not in {before, after} and before != after:
            found.add(path)
    return frozenset(found)


def _is_folder(snapshot: Snapshot, tree: Tree, path: str) -> bool | None:
    """Whether a folder stands at the end of a closure path's symlinks; None for nothing, and where they leave it."""
    while (entry := snapshot.entries.get(path)) is not None and entry.mode == LINK:  # no closure leads in circles
        target = tree.blob(entry.oid).decode(errors="replace")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return None if entry is None else entry.mode == FOLDER


def object_ids(
    paths: Iterable[str], record: Snapshot | None, tree: Tree, recorded: Tree | None
) -> dict[str, tuple[str | None, str | None]]:
    """The old and the new object id of paths, None where there is nothing.

    Args:
        paths: repository paths in or below the closures' entries.
        record: what is deployed, if anything.
        tree: the new commit.
        recorded: the record's commit, where it is known.
    """
    ids = {}
    for path in paths:
        before, after = _entry_before(path, record, tree, recorded) if record else None, tree.entry(path)
        ids[path] = (before.oid if before else None, after.oid if after else None)
    return ids


def _entry_before(path: str, record: Snapshot, tree: Tree, recorded: Tree | None) -> Entry | None:
    """What stood at a path: by the record, which names folders as a whole, since its commit may be gone."""
    folder, below = path, []
    while folder not in record.entries:
        if not folder:
            return recorded.entry(path) if recorded else None
        folder, _, name = folder.rpartition("/")
        below.append(name)
    entry = record.entries[folder]
    for name in reversed(below):
        entry = tree.listing(entry.oid).get(name) if entry and entry.mode == FOLDER else None
    return entry


def changed_outside(record: Snapshot, new: Snapshot) -> tuple[str, ...]:
    """The files that Git lacks in both closures and that differ."""
    both = record.outside.keys() & new.outside
    return tuple(sorted(name for name in both if record.outside[name] != new.outside[name]))


def changed_inputs(record: Snapshot, new: Snapshot) -> tuple[str, ...]:
    """The names of the variables and options used in both that differ."""
    both = record.inputs.keys() & new.inputs
    return tuple(sorted(name for name in both if record.inputs[name] != new.inputs[name]))
