"""One commit's content: paths looked up component by component in tree objects that are cached by id.

An object id stands for its content for ever, so the caches are never wrong, only full. They are shared by
every clone of the process. That is what makes the decision on an unchanged stack cost microseconds: a
new commit shares nearly all of its trees with the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workers.adapters.git.reader import Reader
from workers.model.errors import InvalidStack, UnknownName
from workers.model.words import Entry
from workers.runtime.cache import BoundedCache

_FOLDER = 0o040000
_MAX_BLOB = 16 << 20  # bytes; nothing that Compose reads is larger, and what is only copied is streamed
_CACHED_BLOB = 256 << 10  # bytes; a larger one is read again when it is asked for again
_ENTRY_COST = 250  # bytes that an entry of a listing takes in memory, about

# Old repositories have group-writable files, which Git itself reads as plain ones.
_MODES = {b"100664": 0o100644, b"100644": 0o100644, b"100755": 0o100755, b"40000": _FOLDER}

_roots: BoundedCache[str] = BoundedCache(1 << 20, lambda _: 200)
_listings: BoundedCache[Mapping[str, Entry]] = BoundedCache(48 << 20, lambda names: 200 + _ENTRY_COST * len(names))
_sizes: BoundedCache[int] = BoundedCache(4 << 20, lambda _: 150)
_blobs: BoundedCache[bytes] = BoundedCache(16 << 20, lambda blob: 100 + len(blob))


class GitTree:
    """The `Tree` of workers.changes for one commit of a Git directory.

    Args:
        reader: where objects come from.
        commit: a whole commit id.

    Raises:
        UnknownName: when there is no such commit.
    """

    lasting = True

    def __init__(self, reader: Reader, commit: str) -> None:
        self._reader = reader
        self.commit = commit
        self.root = root_of(reader, commit)

    def entry(self, path: str) -> Entry | None:
        """What stands at one literal path from the root, no symlink followed; `""` is the root tree."""
        found = Entry(_FOLDER, self.root)
        if not path:
            return found
        listings = _listings
        for name in path.split("/"):
            if found.mode != _FOLDER:
                return None
            listing = listings.get(found.oid)
            entry = (self.listing(found.oid) if listing is None else listing).get(name)
            if entry is None:
                return None
            found = entry
        return found

    def mode(self, path: str) -> int | None:
        """What kind of thing that is, for whoever does not mind what is in it; None for nothing."""
        found = self.entry(path)
        return found.mode if found else None

    def listing(self, oid: str) -> Mapping[str, Entry]:
        """A tree object's entries by name."""
        listing = _listings.get(oid)
        if listing is None:
            listing = parse_tree(self._content(oid, "tree"), len(oid) // 2)
            _listings.put(oid, listing)
        return listing

    def has(self, oid: str) -> bool:
        """Whether an object is there; one that is not says nothing about the clone."""
        return self._reader.header(oid) is not None

    def prefetch(self, oids: Iterable[str]) -> None:
        """Read objects that will be asked for soon, in one go; those that are not there are passed over."""
        wanted = [oid for oid in dict.fromkeys(oids) if _listings.get(oid) is None and _blobs.get(oid) is None]
        for found in self._reader.read_many(wanted):
            if found is None:
                continue
            header, content = found
            if header.kind == "tree":
                _listings.put(header.oid, parse_tree(content, len(header.oid) // 2))
            elif header.kind == "blob" and len(content) <= _CACHED_BLOB:
                _blobs.put(header.oid, content)

    def blob(self, oid: str) -> bytes:
        """A blob's bytes.

        Raises:
            InvalidStack: when it is larger than 16 MiB.
        """
        blob = _blobs.get(oid)
        if blob is None:
            if self.size(oid) > _MAX_BLOB:
                message = f"a file that has to be read is larger than {_MAX_BLOB >> 20} MiB"
                raise InvalidStack(message)
            blob = self._content(oid, "blob")
            if len(blob) <= _CACHED_BLOB:
                _blobs.put(oid, blob)
        return blob

    def size(self, oid: str) -> int:
        """A blob's size in bytes."""
        blob = _blobs.get(oid)
        if blob is not None:
            return len(blob)
        size = _sizes.get(oid)
        if size is None:
            header = self._reader.header(oid)
            if header is None:
                raise self._reader.damaged(oid)
            size = header.size
            _sizes.put(oid, size)
        return size

    def blobs(self, oids: Sequence[str], *, least: int, below: int) -> Iterator[tuple[str, bytes]]:
        """Those of the blobs that have at least so many and fewer than so many bytes, by id, asked for in one go."""
        sizes = {oid: len(blob) if (blob := _blobs.get(oid)) is not None else _sizes.get(oid) for oid in oids}
        unknown = [oid for oid, size in sizes.items() if size is None]
        for oid, size in zip(unknown, self._reader.sizes(unknown), strict=True):
            if size is None:
                raise self._reader.damaged(oid)
            sizes[oid] = size
            _sizes.put(oid, size)
        wanted = [oid for oid, size in sizes.items() if size is not None and least <= size < below]
        for oid, found in zip(wanted, self._reader.read_many(wanted), strict=True):
            if found is None:
                raise self._reader.damaged(oid)
            yield oid, found[1]

    def _content(self, oid: str, kind: str) -> bytes:
        found = self._reader.read(oid)
        if found is None or found[0].kind != kind:
            raise self._reader.damaged(oid)
        return found[1]


@dataclass(frozen=True, slots=True)
class Noted:
    """What was asked of a commit's paths, and the answers: the rest goes by object id, and is so for ever."""

    entries: dict[str, Entry | None] = field(default_factory=dict)
    modes: dict[str, int | None] = field(default_factory=dict)

    def is_so_in(self, tree: GitTree) -> bool:
        """Whether another commit would have answered the same."""
        return all(tree.entry(path) == entry for path, entry in self.entries.items()) and all(
            tree.mode(path) == mode for path, mode in self.modes.items()
        )


class NotedTree(GitTree):
    """A commit that notes what is asked of its paths.

    Args:
        reader: where objects come from.
        commit: a whole commit id.
        noted: where.

    Raises:
        UnknownName: when there is no such commit.
    """

    def __init__(self, reader: Reader, commit: str, noted: Noted) -> None:
        super().__init__(reader, commit)
        self._noted = noted

    def entry(self, path: str) -> Entry | None:
        """What stands at one literal path from the root."""
        found = self._noted.entries[path] = super().entry(path)
        return found

    def mode(self, path: str) -> int | None:
        """What kind of thing that is."""
        entry = super().entry(path)
        found = self._noted.modes[path] = entry.mode if entry else None
        return found


def root_of(reader: Reader, commit: str) -> str:
    """A commit's root tree.

    Raises:
        UnknownName: when there is no such commit.
    """
    root = _roots.get(commit)
    if root is None:
        found = reader.read(commit)
        if found is None or found[0].kind != "commit":
            message = f"no commit {commit} in {reader.git_dir}"
            raise UnknownName(message)
        root = remember_root(commit, found[1])
    return root


def is_known_commit(commit: str) -> bool:
    """Whether this is the id of a commit that has been read, and neither a name nor a tag's id."""
    return _roots.get(commit) is not None


def remember_root(commit: str, content: bytes) -> str:
    """Take the root tree's id from a commit object, whose first line is `tree <id>`."""
    root = content[5 : content.index(b"\n")].decode("ascii")
    _roots.put(commit, root)
    return root


def parse_tree(content: bytes, id_length: int) -> Mapping[str, Entry]:
    """Read a raw tree object: `<mode> SP <name> NUL <id>`, again and again.

    Args:
        content: the object.
        id_length: bytes of an id, 20 for SHA-1 and 32 for SHA-256.
    """
    entries: dict[str, Entry] = {}
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        at = end + 1 + id_length
        known = _MODES.get(mode) or int(mode, 8)
        entries[name.decode("utf-8", "surrogateescape")] = Entry(known, content[end + 1 : at].hex())
    return entries
