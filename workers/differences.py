"""The unified diff of a stack's deployed contents against the newest ones, fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from workers.changes.snapshot import Snapshot
from workers.changes.tree import LINK, Tree
from workers.logs import MASK, masked
from workers.model import Entry

MAX_BYTES = 256 * 1024

# What a name of a secret looks like in env files, YAML, JSON and INI files; its value is not shown.
_SECRET = re.compile(
    r"(?i)^(?P<name>[ +\-]?\s*(?:export\s+|-\s+)?[\"']?[\w.\-]*"
    r"(?:passw(?:or)?d|passwort|secret|token|api_?key|private_?key|credential|auth)[\w.\-]*[\"']?\s*[:=]\s*)(?P<value>\S.*)$",
)


@dataclass(frozen=True, slots=True)
class FileDifference:
    """One file that differs; `text` is its unified diff, or a summary where that would be no use."""

    path: str
    old: str | None
    new: str | None
    text: str


def differences(
    record: Snapshot | None, new: Snapshot, tree: Tree, *, secret_files: frozenset[str] = frozenset()
) -> Iterator[FileDifference]:
    """What differs between what is deployed and a commit, file by file.

    Args:
        record: what is deployed; None for nothing.
        new: the stack at the commit.
        tree: any tree of the clone; objects are read by id.
        secret_files: paths whose content is never shown.
    """
    before = record.files(tree) if record else {}
    after = new.files(tree)
    for path in sorted({*before, *after}):
        one, other = before.get(path), after.get(path)
        if one != other:
            shown = _hidden(one, other) if path in secret_files else _text(path, one, other, tree)
            yield FileDifference(path, one.oid if one else None, other.oid if other else None, shown)


def _text(path: str, one: Entry | None, other: Entry | None, tree: Tree) -> str:
    sizes = [tree.size(entry.oid) for entry in (one, other) if entry]
    mode = f"mode {one.mode:o} -> {other.mode:o}\n" if one and other and one.mode != other.mode else ""
    if max(sizes) > MAX_BYTES:
        return f"{mode}{path}: {_sizes(one, other, tree)}, too large to show\n"
    old, new = (tree.blob(entry.oid) if entry else b"" for entry in (one, other))
    if b"\0" in old or b"\0" in new:
        return f"{mode}{path}: binary, {_sizes(one, other, tree)}\n"
    link = any(entry and entry.mode == LINK for entry in (one, other))
    old_name, new_name = f"a/{path}" if one else "/dev/null", f"b/{path}" if other else "/dev/null"
    lines = unified_diff(_lines(old), _lines(new), old_name, new_name)
    return mode + "".join(_shown(line) for line in lines) + ("(a symlink's target)\n" if link else "")


def _lines(content: bytes) -> list[str]:
    # Not `splitlines`: only a line feed ends a line in a diff.
    lines = content.decode("utf-8", "replace").split("\n")
    ended = [line + "\n" for line in lines[:-1]]
    return [*ended, f"{lines[-1]}\n\\ No newline at end of file\n"] if lines[-1] else ended


def _shown(line: str) -> str:
    if line.startswith(("---", "+++", "@@")):
        return line
    text = line.rstrip("\n")
    found = _SECRET.match(text)
    if found and not found["value"].startswith(("${", "/", "|", ">")):
        return f"{found['name']}{MASK}\n"
    return masked(line)


def _sizes(one: Entry | None, other: Entry | None, tree: Tree) -> str:
    old, new = (f"{tree.size(entry.oid)} bytes" if entry else "nothing" for entry in (one, other))
    return f"{old} -> {new}"


def _hidden(one: Entry | None, other: Entry | None) -> str:
    word = "added" if one is None else "removed" if other is None else "changed"
    return f"a secret, {word}; its content is not shown\n"
