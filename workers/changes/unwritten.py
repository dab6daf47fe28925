"""The host's files without those that Tegu itself wrote there.

A file that the deployed commit had still lies in the live directory while the next commit, which may have deleted it,
is looked at. It must not pass for one that somebody put there by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from workers.changes.snapshot import Snapshot
from workers.changes.tree import FOLDER, Outside, Tree


class Unwritten:
    """An `Outside` in which the files of a deployed snapshot are absent.

    Args:
        outside: the host as it is.
        record: what is deployed there.
        tree: any tree of the clone.
    """

    def __init__(self, outside: Outside, record: Snapshot, tree: Tree) -> None:
        self.live = outside.live
        self.environ: Mapping[str, str] = outside.environ
        self._outside = outside
        self._record = record
        self._tree = tree

    def read(self, path: str) -> bytes | None:
        """A file's bytes by absolute path, or None when it is absent or Tegu's own."""
        if self.live is not None and path.startswith(f"{self.live}/") and self._wrote(path[len(self.live) + 1 :]):
            return None
        return self._outside.read(path)

    def _wrote(self, path: str) -> bool:
        parts = path.split("/")
        for end in range(len(parts) + 1):
            entry = self._record.entries.get("/".join(parts[:end]))
            for part in parts[end:]:
                if entry is None or entry.mode != FOLDER:
                    entry = None
                    break
                entry = self._tree.listing(entry.oid).get(part)
            if entry is not None and entry.mode != FOLDER:
                return True
        return False
