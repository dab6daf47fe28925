"""Every lookup is recorded, so the closure is by construction what was looked at.

Locations are absolute, as Compose sees them: below the stack's live directory they are the repository's paths,
anywhere else they are the host's. Symlinks are followed inside the repository, each an entry of its own.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from os import devnull
from typing import NoReturn

from workers.changes.digest import keyed
from workers.changes.limits import MAX_ENV_FILE_BYTES, MAX_SYMLINKS
from workers.changes.supported import check_supported, refused_submodule
from workers.changes.tree import FOLDER, LINK, SUBMODULE, Nowhere, Outside, Tree
from workers.model.errors import InvalidStack
from workers.model.words import Entry

NO_LIVE = "/tegu-stack"
"""Stands for the live directory where there is none (two commits compared by themselves)."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a lookup ended: the repository path after every symlink, what is there, and every path it recorded."""

    path: str
    entry: Entry | None
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A file that was looked for: its bytes or None, its name, and the paths and outside inputs this rests on."""

    content: bytes | None
    name: str
    paths: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


def is_there(tree: Tree, path: str) -> bool:
    """Whether a commit has something at a path, symlinks followed.

    One that leads out of the repository or in circles counts as something: it is for whoever follows it to refuse.
    """
    if tree.entry(path) is not None:
        return True
    try:
        return Trace(tree, Nowhere(), b"").find(path).entry is not None
    except InvalidStack:
        return True


class Trace:
    """The lookups of one stack at one commit.

    Args:
        tree: the commit.
        outside: the worker's host.
        key: for the keyed digests.
    """

    def __init__(self, tree: Tree, outside: Outside, key: bytes) -> None:
        self.tree = tree
        self.root = outside.live or NO_LIVE
        self.entries: dict[str, Entry | None] = {}
        self.folders: dict[str, bool] = {}
        self.outside: dict[str, str | None] = {}
        self.warnings: dict[str, None] = {}
        self.unset: dict[str, None] = {}
        self.on_host = outside.live is not None
        self._outside = outside
        self._key = key

    def note_unset(self, name: str) -> None:
        """A variable was used that has no value, which Compose warns about."""
        self.unset[name] = None

    def location(self, path: str) -> str:
        """Where a repository path lies on the host."""
        return f"{self.root}/{path}" if path else self.root

    def repository_path(self, location: str) -> str | None:
        """The repository path of a location, or None when it lies elsewhere."""
        if location == self.root:
            return ""
        return location.removeprefix(f"{self.root}/") if location.startswith(f"{self.root}/") else None

    def join(self, folder: str, text: str, what: str) -> str:
        """A path as written in a Compose file, made absolute as Compose does: lexically, against a folder.

        Args:
            folder: the location that relative paths begin at.
            text: the path; `~` is the home folder, whatever follows it.
            what: who names it, for the message.

        Raises:
            InvalidStack: when a relative path leads out of the repository.
        """
        if "\0" in text:
            message = f"{what}: a text with a null character is no path"
            raise InvalidStack(message)
        home = self._outside.environ.get("HOME", "")
        if home and text.startswith("~"):
            return posixpath.normpath(f"{home}/{text[1:]}")
        location = posixpath.normpath(posixpath.join(folder, text))
        inside = self.repository_path(folder) is not None
        if inside and not text.startswith("/") and self.repository_path(location) is None:
            message = f"{what}: {text!r} leads out of the repository"
            raise InvalidStack(message)
        return location

    def find(self, path: str, what: str = "") -> Found:
        """Look a repository path up, component by component, symlinks followed.

        Args:
            path: normalised, from the repository's root; `""` is the root.
            what: who names it, for messages.

        Raises:
            InvalidStack: for a symlink that leads out of the repository or in circles, or a submodule.
        """
        recorded: dict[str, None] = {}
        links = 0
        done = ""
        rest = [part for part in path.split("/") if part]
        while rest:
            part = rest.pop(0)
            if part in {".", ".."}:
                if part == ".." and not done:
                    self._refuse_escape(path, recorded)
                done = posixpath.dirname(done) if part == ".." else done
                continue
            parent, done = done, f"{done}/{part}" if done else part
            mode = self.tree.mode(done)
            if mode is None or (rest and mode not in {FOLDER, LINK, SUBMODULE}):
                return self._absent(parent, done, rest, recorded)
            if mode == SUBMODULE:
                raise refused_submodule(done, what or path)
            if mode == LINK and (link := self.tree.entry(done)):
                recorded[done] = None
                links += 1
                rest = [*self._followed(done, link, path, recorded, links), *rest]
                done = parent
        entry = self.entries[done] = self.tree.entry(done)
        return Found(done, entry, (*recorded, done))

    def _followed(self, link: str, entry: Entry, path: str, recorded: dict[str, None], links: int) -> Iterator[str]:
        """The components of where a symlink leads to."""
        self.entries[link] = entry
        target = self.tree.blob(entry.oid).decode("utf-8", "surrogateescape")
        if target.startswith("/"):
            self._refuse_escape(path, recorded)
        if links > MAX_SYMLINKS:
            message = f"the symlink {link} leads in circles"
            raise InvalidStack(message)
        return (part for part in target.split("/") if part)

    def _refuse_escape(self, path: str, links: dict[str, None]) -> NoReturn:
        link = next(reversed(links), path)
        message = f"the symlink {link} leads out of the repository"
        raise InvalidStack(message)

    def _absent(self, parent: str, missing: str, rest: list[str], recorded: dict[str, None]) -> Found:
        """Record an absence, with the folders in whose place a symlink could later lead to the path."""
        path = posixpath.normpath("/".join([missing, *rest]))
        if parent:
            self.folders[parent] = True
        for part in rest:
            self.folders.setdefault(missing, False)
            missing = f"{missing}/{part}"
        self.entries[path] = None
        return Found(path, None, (*recorded, path))

    def read(self, location: str, what: str, *, required: bool = True, limit: int = MAX_ENV_FILE_BYTES) -> Content:
        """The bytes of a file that Compose itself reads: from Git or, where Git lacks it, from the host.

        Args:
            location: absolute.
            what: who names it, for the message.
            required: whether it must be there.
            limit: the most bytes it may have.

        Raises:
            InvalidStack: when a required file is nowhere (the message says where to put it), or it is too large.
        """
        path = self.repository_path(location)
        if path is None:
            return self.outside_file(location, what, required=required)
        found = self.find(path, what)
        if found.entry is None:
            return self.outside_file(found.path, what, found.paths, required=required)
        if found.entry.mode == FOLDER:
            if required:
                message = f"{what}: {found.path or '.'} is a folder, not a file"
                raise InvalidStack(message)
            return Content(None, found.path, found.paths)
        check_supported(self.tree, found.path, found.entry)
        if (size := self.tree.size(found.entry.oid)) > limit:
            message = f"{what}: {found.path} has {size} bytes; at most {limit} are read"
            raise InvalidStack(message)
        return Content(self.tree.blob(found.entry.oid), found.path, found.paths)

    def outside_file(self, name: str, what: str, paths: tuple[str, ...] = (), *, required: bool = True) -> Content:
        """The bytes of a file that Git lacks, recorded by a keyed digest; `/dev/null` is how people write none at all.

        Args:
            name: its repository path, or its absolute path where that is outside the repository.
            what: who names it, for the message.
            paths: the closure paths that were looked up on the way.
            required: whether it must be there.

        Raises:
            InvalidStack: when a required file is nowhere; says where to put it.
        """
        if name == devnull:
            return Content(b"", name, paths)
        location = name if name.startswith("/") else self.location(name)
        content = self._outside.read(location)
        self.outside[name] = None if content is None else keyed(self._key, content)
        if content is None and required:
            if self.on_host:
                message = f"{what}: {name} is neither in Git nor on this host; put it at {location}"
                if name.startswith("/"):
                    message += " (where the worker runs in a container, mount it there at the same path)"
                raise InvalidStack(message)
            # Nobody's host is known when two commits are compared by themselves; the file may well be there.
            self.warnings[f"{what}: {name} is not in Git"] = None
            content = b""
        return Content(content, name, paths, (f"file:{name}",))
