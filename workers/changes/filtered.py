"""Which files of a folder reach the builder: what its ignore file leaves, remembered for every folder by its id.

How folders are gone through follows BuildKit's client (`filterFS.Walk` in tonistiigi/fsutil): what an exception brings
back brings the folders above it along, and a folder that is not ignored is sent even when nothing is left in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from workers.changes.digest import canonical, plain
from workers.changes.ignore_matcher import Matcher, State
from workers.changes.ignorefile import read_patterns
from workers.changes.limits import MAX_CLOSURE, MAX_FOLDER_DEPTH
from workers.changes.tree import FOLDER, Tree
from workers.model.errors import InvalidStack
from workers.model.words import Entry
from workers.runtime.cache import BoundedCache


class Left(NamedTuple):
    """What is left of a folder: the digest of it, how many files and hollow folders these are, how deep they lie."""

    digest: str
    size: int
    height: int


_left: BoundedCache[Left] = BoundedCache(8 << 20, lambda _: 400)
_matchers: BoundedCache[Matcher] = BoundedCache(64, lambda _: 1)


def matcher_of(ignore: bytes) -> Matcher:
    """The matcher of an ignore file's content, made once.

    Raises:
        BadPatternError: for a pattern that the builder refuses.
    """
    key = plain(ignore)
    matcher = _matchers.get(key)
    if matcher is None:
        matcher = Matcher(read_patterns(ignore))
        _matchers.put(key, matcher)
    return matcher


def filtered(tree: Tree, path: str, folder: Entry, ignore: bytes) -> Filtered:
    """A folder as its ignore file leaves it.

    Args:
        tree: where objects are read.
        path: the folder's repository path.
        folder: its entry.
        ignore: the content of the ignore file; empty leaves everything.

    Raises:
        BadPatternError: for a pattern that the builder refuses.
    """
    matcher = matcher_of(ignore)
    return Filtered(tree, path, folder.oid, matcher, matcher.start)


@dataclass(frozen=True, eq=False)
class Filtered:
    """A folder without what its patterns ignore.

    Everything here raises `BadPatternError` for a pattern that the builder cannot compare with anything, and
    `InvalidStack` when folders lie deeper in one another than is supported.

    Attributes:
        tree: where objects are read.
        path: the folder's repository path.
        oid: the whole folder.
        matcher: the patterns.
        state: where the folder's path within the context, a slash behind it, has led them.
        above: the patterns that match the folder or one above.
        depth: how many folders of the same context it lies in.
    """

    tree: Tree
    path: str
    oid: str
    matcher: Matcher
    state: State
    above: int = 0
    depth: int = 0

    @cached_property
    def children(self) -> dict[str, Entry | Filtered]:
        """What is left of the folder by path, in order; a folder that is left may be hollow."""
        return {
            path: child
            for path, child, ignored in self._found
            if not ignored or (isinstance(child, Filtered) and child.left.size)
        }

    @cached_property
    def _found(self) -> list[tuple[str, Entry | Filtered, bool]]:
        """What may be left, by path and in order, and of a folder whether an exception has to bring it back."""
        found: list[tuple[str, Entry | Filtered, bool]] = []
        matcher, begin, above = self.matcher, self.state, self.above  # a context has thousands of names
        prefix = f"{self.path}/" if self.path else ""
        for name, entry in sorted(self.tree.listing(self.oid).items()):
            state = matcher.follow(begin, name)
            ignored, held = matcher.verdict(state, above)
            path = prefix + name
            if entry.mode != FOLDER:
                if not ignored:
                    found.append((path, entry, False))
                continue
            inside = matcher.follow(state, "/")
            if not ignored or matcher.can_bring_back(inside):
                child = Filtered(self.tree, path, entry.oid, matcher, inside, held, self.depth + 1)
                found.append((path, child, ignored))
        return found

    @cached_property
    def left(self) -> Left:
        """What is left, in short. Equal digests: the same is left, whatever else lies in the two folders."""
        left = _left.get(self._key)
        if self.depth + (left.height if left else 0) > MAX_FOLDER_DEPTH:
            raise too_deep(self.path)
        if left is None:
            if not self.depth and self.tree.lasting:  # of another nothing is kept, so nothing is gained
                self._read_ahead()
            left = self._look()
            if self.tree.lasting:
                _left.put(self._key, left)
        return left

    @cached_property
    def _key(self) -> str:
        if not self.matcher.living(self.state):
            return self.oid  # no pattern can change anything any more: all of it is left, whatever they are
        return f"{self.matcher.digest(self.state)} {self.above:x} {self.oid}"

    def _read_ahead(self) -> None:
        """Have the folders that will be opened read by levels: asked for one by one, each is waited for."""
        level = [self]
        names = 0
        while level and names <= MAX_CLOSURE:
            self.tree.prefetch([folder.oid for folder in level])
            inside = [child for folder in level for _, child, _ in folder._found]  # noqa: SLF001 (of this class)
            names += len(inside)
            # Of folders that are alike the first, which is the one that will be opened.
            folders = {child._key: child for child in reversed(inside) if isinstance(child, Filtered)}  # noqa: SLF001
            level = [child for key, child in folders.items() if child.depth <= MAX_FOLDER_DEPTH and not _left.get(key)]

    def _look(self) -> Left:
        parts: list[tuple[str, int, str]] = []
        count = height = 0
        for path, child in self.children.items():
            name = path.rpartition("/")[2]
            if isinstance(child, Filtered):
                left = child.left
                parts.append((name, FOLDER, left.digest))
                count += left.size or 1
                height = max(height, left.height + 1)
            else:
                parts.append((name, child.mode, child.oid))
                count += 1
            if count > MAX_CLOSURE:
                message = f"{self.path} brings the files of one stack above {MAX_CLOSURE}"
                raise InvalidStack(message)
        return Left(plain(canonical(parts)), count, height)

    def files(self) -> Iterator[tuple[str, Entry]]:
        """The files and symlinks that are left, by repository path, in order."""
        for path, child in self.children.items():
            if isinstance(child, Filtered):
                yield from child.files()
            else:
                yield path, child

    def hollow(self) -> Iterator[str]:
        """The repository paths of folders that reach the builder with nothing in them."""
        for path, child in self.children.items():
            if isinstance(child, Filtered):
                if child.left.size:
                    yield from child.hollow()
                else:
                    yield path


Side = Entry | Filtered | None
"""What one of two closures has at a path."""


def differing(before: Side, after: Side, path: str) -> Iterator[str]:
    """The paths that differ between two sides, hollow folders as themselves; equal folders are not opened.

    Args:
        before: what was left.
        after: what is left now.
        path: where both stand.
    """
    if _identity(before) == _identity(after):
        return
    sides = [side.children if isinstance(side, Filtered) else {} for side in (before, after)]
    if any(isinstance(side, Entry) for side in (before, after)) or not any(sides):
        yield path
    for child in sorted({*sides[0], *sides[1]}):
        yield from differing(sides[0].get(child), sides[1].get(child), child)


def _identity(side: Side) -> object:
    return side.left.digest if isinstance(side, Filtered) else side


def too_deep(path: str) -> InvalidStack:
    """The error for folders that lie too deep in one another."""
    message = f"{path}: more than {MAX_FOLDER_DEPTH} folders lie in one another there; that is not supported"
    return InvalidStack(message)
