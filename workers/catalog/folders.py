"""The folders of a commit that are stacks: those that `discover` means and that hold a Compose file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from workers.catalog.discovery import find_folders
from workers.model.errors import GitUnavailable
from workers.model.words import Entry

COMPOSE_FILES = frozenset({"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"})

_FOLDER = 0o040000


class Listed(Protocol):
    """As much of a commit's tree as discovery needs."""

    def entry(self, path: str) -> Entry | None:
        """What stands at a path; `""` is the root."""
        ...

    def listing(self, oid: str) -> Mapping[str, Entry]:
        """A tree object's entries by name."""
        ...


def stack_folders(
    globs: Sequence[str],
    tree: Listed,
    prefetch: Callable[[Iterable[str]], None] = lambda _: None,
    doubtful: Callable[[str], None] = lambda _: None,
) -> tuple[str, ...]:
    """The folders that are stacks, for `Catalog.discover`.

    Args:
        globs: a repo's `discover`.
        tree: the commit.
        prefetch: is told the ids of tree objects that are listed next.
        doubtful: is told the folders that cannot be read. They count as stacks, lest one that runs be taken for gone:
            whoever looks at one of them learns what is wrong.

    Raises:
        GitUnavailable: a folder cannot be read that others may be in.
    """
    root = tree.entry("")
    if root is None or not globs:
        return ()
    listings: dict[str, Mapping[str, Entry]] = {"": tree.listing(root.oid)}

    def subfolders(folder: str) -> Iterable[str]:
        prefix = f"{folder}/" if folder else ""
        for name, entry in listing(folder).items():
            if entry.mode == _FOLDER:
                pending[prefix + name] = entry
                yield name

    def listing(folder: str) -> Mapping[str, Entry]:
        if folder not in listings:
            listings[folder] = tree.listing(pending[folder].oid)
        return listings[folder]

    def is_stack(folder: str) -> bool:
        try:
            entries = listing(folder)
        except GitUnavailable:
            doubtful(folder)
            return True
        return any(entry.mode != _FOLDER for name, entry in entries.items() if name in COMPOSE_FILES)

    pending: dict[str, Entry] = {}
    folders = find_folders(globs, subfolders, lambda below: prefetch(pending[path].oid for path in below))
    return tuple(folder for folder in folders if is_stack(folder))
