"""A commit seen beside the objects of another clone: what a stack was deployed from before it came from this repo.

Or before its repo had ids of another hash function; then there is no other clone any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from workers.adapters.git.tree import GitTree
from workers.model.words import Entry


class JoinedTree:
    """The `Tree` of workers.changes for one commit, which looks for objects in two clones.

    An object that is in neither any more is empty: asking its clone for it would have that one taken for damaged.

    Args:
        tree: the commit.
        other: any commit of the other clone; None when there is none.
    """

    lasting = False

    def __init__(self, tree: GitTree, other: GitTree | None) -> None:
        self._tree = tree
        self._other = other
        self.commit = tree.commit

    def entry(self, path: str) -> Entry | None:
        """What stands at one literal path from the commit's root."""
        return self._tree.entry(path)

    def mode(self, path: str) -> int | None:
        """What kind of thing that is."""
        return self._tree.mode(path)

    def listing(self, oid: str) -> Mapping[str, Entry]:
        """A tree object's entries by name."""
        holder = self._holder(oid)
        return holder.listing(oid) if holder else {}

    def prefetch(self, oids: Iterable[str]) -> None:
        """Nothing: which of the two has an object is asked of each."""

    def blob(self, oid: str) -> bytes:
        """A blob's bytes."""
        holder = self._holder(oid)
        return holder.blob(oid) if holder else b""

    def size(self, oid: str) -> int:
        """A blob's size in bytes."""
        holder = self._holder(oid)
        return holder.size(oid) if holder else 0

    def blobs(self, oids: Sequence[str], *, least: int, below: int) -> Iterator[tuple[str, bytes]]:
        """Those of the blobs that have at least so many and fewer than so many bytes, by id."""
        for oid in oids:
            if least <= self.size(oid) < below:
                yield oid, self.blob(oid)

    def _holder(self, oid: str) -> GitTree | None:
        return next((tree for tree in (self._tree, self._other) if tree is not None and tree.has(oid)), None)
