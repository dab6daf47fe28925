"""Which files of a build context an ignore file leaves: Docker's own matcher over a Git tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workers.changes.digest import canonical, plain
from workers.changes.tree import FOLDER, Tree
from workers.model import Entry

if TYPE_CHECKING:
    from docker.utils.build import PatternMatcher


def patterns(content: bytes) -> list[str]:
    """The patterns of an ignore file: one a line; comments and blank lines say nothing.

    Args:
        content: the file's bytes, a byte order mark allowed.
    """
    lines = content.decode("utf-8-sig", "surrogateescape").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def filtered_files(tree: Tree, path: str, folder: Entry, ignore: bytes) -> Iterator[tuple[str, Entry]]:
    """The files and symlinks of a build context that reach the builder, as (repository path, entry), in order.

    Args:
        tree: where objects are read.
        path: the context's repository path.
        folder: the context's entry.
        ignore: the content of its ignore file; empty keeps everything.
    """
    matcher = None
    if lines := patterns(ignore):
        from docker.utils.build import PatternMatcher  # noqa: PLC0415 (half a second that most stacks do not need)

        matcher = PatternMatcher(lines)
        # The matcher adds an exception for the default ignore file, which only the classic builder needs.
        matcher.patterns.pop()
    prefix = f"{path}/" if path else ""
    for name, entry in _left(tree, folder, matcher, ""):
        yield prefix + name, entry


def filtered_digest(tree: Tree, path: str, folder: Entry, ignore: bytes) -> str:
    """The digest of what reaches the builder; arguments as for `filtered_files`."""
    return plain(canonical([[name, *entry] for name, entry in filtered_files(tree, path, folder, ignore)]))


def _left(tree: Tree, folder: Entry, matcher: PatternMatcher | None, prefix: str) -> Iterator[tuple[str, Entry]]:
    for name, entry in sorted(tree.listing(folder.oid).items()):
        path = prefix + name
        ignored = matcher is not None and matcher.matches(path)  # type: ignore[arg-type]
        if entry.mode == FOLDER:
            # An exception further down can bring back something of an ignored folder.
            if not ignored or any(pattern.exclusion for pattern in matcher.patterns):  # type: ignore[union-attr]
                yield from _left(tree, entry, matcher, f"{path}/")
        elif not ignored:
            yield path, entry
