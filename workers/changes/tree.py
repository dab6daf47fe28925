"""How the pure core sees the world: a commit's tree, and the files that Git does not have.

Adapters implement these protocols; nothing in this package opens a file or starts a process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from workers.model.words import Entry

FILE = 0o100644
EXECUTABLE = 0o100755
LINK = 0o120000
FOLDER = 0o040000
SUBMODULE = 0o160000


class Tree(Protocol):
    """One commit's content. Everything but `commit`, `entry` and `mode` goes by id, for any object of the clone."""

    @property
    def commit(self) -> str:
        """The commit's id."""
        ...

    @property
    def lasting(self) -> bool:
        """Whether what is said of an object id is so for ever, so that what comes of it may be remembered."""
        ...

    def entry(self, path: str) -> Entry | None:
        """What stands at one literal path from the root, no symlink followed; `""` is the root tree."""
        ...

    def mode(self, path: str) -> int | None:
        """What kind of thing that is, for whoever does not mind what is in it; None for nothing."""
        ...

    def listing(self, oid: str) -> Mapping[str, Entry]:
        """A tree object's entries by name."""
        ...

    def prefetch(self, oids: Iterable[str]) -> None:
        """Read objects that will be asked for soon, in one go; those that are not there are passed over."""
        ...

    def blob(self, oid: str) -> bytes:
        """A blob's bytes."""
        ...

    def size(self, oid: str) -> int:
        """A blob's size in bytes."""
        ...

    def blobs(self, oids: Sequence[str], *, least: int, below: int) -> Iterator[tuple[str, bytes]]:
        """Those of the blobs that have at least so many and fewer than so many bytes, by id, asked for in one go."""
        ...


class Outside(Protocol):
    """The worker's host, as far as it reaches a stack: files that Git does not have, and what Compose inherits."""

    @property
    def live(self) -> str | None:
        """The absolute path of the stack's live directory, which holds the repository's layout; None: there is none."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that Compose is started with, but for the stack's variables and `PWD`."""
        ...

    def read(self, path: str) -> bytes | None:
        """A file's bytes by absolute path, or None when it is absent or no file."""
        ...


class Nowhere:
    """No host at all: what `Outside` is when two commits are compared by themselves."""

    live: str | None = None
    environ: Mapping[str, str] = {}

    def read(self, path: str) -> bytes | None:  # noqa: ARG002
        """Nothing is there."""
        return None


def walk(tree: Tree, entry: Entry, path: str = "") -> Iterator[tuple[str, Entry]]:
    """Every entry below a folder that is no folder itself, as (path, entry), in order; `entry` itself if it is none.

    Args:
        tree: where objects are read.
        entry: where to begin.
        path: its path, which every path begins with.
    """
    waiting = [(path, entry)]
    while waiting:
        path, entry = waiting.pop()
        if entry.mode != FOLDER:
            yield path, entry
            continue
        for name, child in sorted(tree.listing(entry.oid).items(), reverse=True):
            waiting.append((f"{path}/{name}" if path else name, child))
