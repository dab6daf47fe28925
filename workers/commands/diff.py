"""What differs between two closures, for people: paths with old and new ids, and unified diffs of their contents.

Secrets are masked: a file that serves as a secret or as an env file shows that it changed, not how.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.changes.snapshot import Snapshot
from workers.changes.tree import Tree
from workers.model.words import Entry
from workers.runtime.masking import MASK

MAX_DIFF_BYTES = 256 * 1024
"""A larger file is summarised."""

_SECRET_WORDS = ("secret", "passw", "token", "credential", "private")
_SECRET_VALUE = re.compile(
    r"""(["']?[\w.-]*(?:secret|passw|passphrase|token|credential|private|api_?key)[\w.-]*["']?\s*[:=]\s*)\S.*""",
    re.IGNORECASE,
)
_SECRET_BLOCK = re.compile(
    r"""[\s-]*["']?[\w.-]*(?:secret|passw|passphrase|token|credential|private|api_?key)[\w.-]*["']?\s*:\s*[|>][-+0-9]*\s*$""",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
_SECRET_ENDINGS = (".env", ".key", ".pem", ".p12", ".pfx", ".kdbx")


@dataclass(frozen=True, slots=True)
class PathDifference:
    """One path: what was there and what is there now, None for absent, and the lines that say how it differs."""

    path: str
    old: Entry | None
    new: Entry | None
    lines: tuple[str, ...]


def differences(before: Snapshot, after: Snapshot, tree: Tree) -> Iterator[PathDifference]:
    """What differs between what is deployed and what would be, file by file.

    Args:
        before: the deployed snapshot.
        after: the new one.
        tree: any tree of the clone.
    """
    old, new = before.files(tree), after.files(tree)
    secrets = secret_paths(before) | secret_paths(after)
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            yield difference(path, old.get(path), new.get(path), tree, masked=is_masked(path, secrets))


def difference(path: str, old: Entry | None, new: Entry | None, tree: Tree, *, masked: bool) -> PathDifference:
    """How one path differs.

    Args:
        path: the repository path.
        old: what was there.
        new: what is there now.
        tree: any tree of the clone.
        masked: whether its content must not be shown.
    """
    lines = [f"{name} mode {entry.mode:o}" for name, entry in _modes(old, new)]
    if not (old and new and old.oid == new.oid):
        lines += _content(path, old, new, tree, masked=masked)
    return PathDifference(path, old, new, tuple(lines))


def secret_paths(snapshot: Snapshot) -> frozenset[str]:
    """The closure's paths whose content is a secret by its use: what `secrets` name, and env files."""
    return frozenset(snapshot.secrets)


def is_masked(path: str, secrets: frozenset[str]) -> bool:
    """Whether a path's content must not be shown: by its use, or because its name says so."""
    name = posixpath.basename(path).lower()
    by_name = any(word in name for word in _SECRET_WORDS) or name.endswith(_SECRET_ENDINGS) or name.startswith(".env")
    return by_name or any(path == secret or path.startswith(f"{secret}/") for secret in secrets)


def _modes(old: Entry | None, new: Entry | None) -> Iterator[tuple[str, Entry]]:
    if old and new:
        if old.mode != new.mode:
            yield "old", old
            yield "new", new
    elif new:
        yield "new file", new
    elif old:
        yield "deleted file", old


def _content(path: str, old: Entry | None, new: Entry | None, tree: Tree, *, masked: bool) -> Iterator[str]:
    if masked:
        yield "its content is not shown: it may hold secrets"
        return
    sizes = [tree.size(entry.oid) if entry else 0 for entry in (old, new)]
    if max(sizes) > MAX_DIFF_BYTES:
        yield f"{sizes[0]} bytes before, {sizes[1]} after"
        return
    texts = [tree.blob(entry.oid) if entry else b"" for entry in (old, new)]
    if any(b"\0" in text for text in texts):
        yield f"binary: {sizes[0]} bytes before, {sizes[1]} after"
        return
    names = [f"{side}/{path}" if entry else "/dev/null" for side, entry in (("a", old), ("b", new))]
    yield from _unified(*(text.decode("utf-8", "replace") for text in texts), *names)


def _unified(before: str, after: str, old_name: str, new_name: str) -> Iterator[str]:
    """A unified diff that compares lines as they are and shows them without secrets."""
    shown: dict[tuple[str, str], str] = {}  # a line and how it is shown -> the number that stands for both
    old, new = (
        [shown.setdefault(line, str(len(shown))) for line in zip(lines, _without_secrets(lines), strict=True)]
        for lines in (before.splitlines(), after.splitlines())
    )
    by_number = {number: line for (_, line), number in shown.items()}
    for line in difflib.unified_diff(old, new, old_name, new_name, lineterm=""):
        yield line[0] + by_number[line[1:]] if line[1:].isdigit() else line


def _without_secrets(lines: list[str]) -> Iterator[str]:
    """Each line with the values of secrets masked, block scalars of YAML and PEM keys with all their lines."""
    block = -1  # the indentation of the key whose block this is
    key = False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block >= 0 and line.strip() and indent <= block:
            block = -1
        if "-----BEGIN" in line and "PRIVATE" in line:
            key = True
        if key or (block >= 0 and line.strip()):
            key = key and "-----END" not in line
            yield " " * indent + MASK
            continue
        if _SECRET_BLOCK.match(line):
            block = indent
            yield line
        else:
            yield _CREDENTIALS.sub(rf"\1{MASK}@", _SECRET_VALUE.sub(rf"\1{MASK}", line))
