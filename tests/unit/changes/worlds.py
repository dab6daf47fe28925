"""An honest tree made of a dict, and stacks on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha1

from workers.changes.closure import take_snapshot
from workers.changes.decision import decide, is_unchanged
from workers.changes.snapshot import Snapshot
from workers.model.stack import Options, Stack
from workers.model.words import Decision, Entry

Files = Mapping[str, object]
"""Content by path: text or bytes for a file, `Link(target)`, `Program(text)`, `Submodule(commit)`."""

KEY = b"a key of the tests"
LIVE = "/live/production/app"


class Link(str):
    """A symlink's target."""

    __slots__ = ()


class Program(str):
    """An executable file's content."""

    __slots__ = ()


class Submodule(str):
    """A submodule's commit."""

    __slots__ = ()


class Objects:
    """The object store that all trees of a test share, as those of one clone do."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, Entry]] = {}

    def blob(self, content: bytes) -> str:
        oid = sha1(b"blob" + content, usedforsecurity=False).hexdigest()
        self.blobs[oid] = content
        return oid

    def tree(self, entries: dict[str, Entry]) -> str:
        oid = sha1(repr(sorted(entries.items())).encode(), usedforsecurity=False).hexdigest()
        self.trees[oid] = entries
        return oid


class DictTree:
    """A commit's tree; everything but the root is looked up in the shared objects."""

    lasting = True

    def __init__(self, objects: Objects, files: Files) -> None:
        self.objects = objects
        self.lookups = 0
        self.root = Entry(0o040000, self._build(files))
        self.commit = sha1(self.root.oid.encode(), usedforsecurity=False).hexdigest()

    def _build(self, files: Files) -> str:
        folders: dict[str, dict[str, object]] = {}
        entries: dict[str, Entry] = {}
        for path, content in files.items():
            name, _, rest = path.partition("/")
            if rest:
                folders.setdefault(name, {})[rest] = content
            elif isinstance(content, Submodule):
                entries[name] = Entry(0o160000, str(content))
            else:
                mode = 0o120000 if isinstance(content, Link) else 0o100755 if isinstance(content, Program) else 0o100644
                raw = content if isinstance(content, bytes) else str(content).encode()
                entries[name] = Entry(mode, self.objects.blob(raw))
        for name, inner in folders.items():
            entries[name] = Entry(0o040000, self._build(inner))
        return self.objects.tree(entries)

    def entry(self, path: str) -> Entry | None:
        self.lookups += 1
        found: Entry | None = self.root
        for part in path.split("/") if path else ():
            if found is None or found.mode != 0o040000:
                return None
            found = self.objects.trees[found.oid].get(part)
        return found

    def mode(self, path: str) -> int | None:
        found = self.entry(path)
        return found.mode if found else None

    def listing(self, oid: str) -> Mapping[str, Entry]:
        return self.objects.trees[oid]

    def prefetch(self, oids: Iterable[str]) -> None:
        """They are here."""

    def blob(self, oid: str) -> bytes:
        return self.objects.blobs[oid]

    def size(self, oid: str) -> int:
        return len(self.objects.blobs[oid])

    def blobs(self, oids: Sequence[str], *, least: int, below: int) -> Iterator[tuple[str, bytes]]:
        yield from ((oid, self.blob(oid)) for oid in oids if least <= self.size(oid) < below)


class DictOutside:
    """A host whose files are a dict."""

    def __init__(self, files: Mapping[str, str] | None = None, live: str | None = LIVE) -> None:
        self.files = dict(files or {})
        self.live = live
        self.environ = {"HOME": "/home/tegu", "PATH": "/usr/bin", "LANG": "C.UTF-8"}

    def read(self, path: str) -> bytes | None:
        content = self.files.get(path)
        return None if content is None else content.encode()


def make_stack(path: str = "app", **options: object) -> Stack:
    return Stack(
        environment="production",
        name="app",
        repo="homelab",
        path=path,
        ref="main",
        worker="local",
        docker_host="unix:///var/run/docker.sock",
        project="app",
        options=Options(**options),  # type: ignore[arg-type]
    )


class World:
    """One stack, one host, and as many commits as a test wants."""

    def __init__(self) -> None:
        self.objects = Objects()
        self.outside = DictOutside()
        self.stack = make_stack()

    def tree(self, files: Files) -> DictTree:
        return DictTree(self.objects, files)

    def snapshot(self, files: Files) -> Snapshot:
        return take_snapshot(self.stack, self.tree(files), self.outside, KEY)

    def decide(self, before: Files, after: Files, **options: object) -> Decision:
        """The decision for `after` when `before` is deployed."""
        record = self.snapshot(before)
        return self.decide_from(record, after, recorded=self.tree(before), **options)

    def decide_from(self, record: Snapshot | None, after: Files, **options: object) -> Decision:
        options.setdefault("recorded", None)
        decision, _ = decide(self.stack, record, self.tree(after), self.outside, KEY, **options)  # type: ignore[arg-type]
        return decision

    def unchanged(self, record: Snapshot, files: Files) -> bool:
        return is_unchanged(self.stack, record, self.tree(files), self.outside, KEY)

    def summary(self, before: Files, after: Files, **options: object) -> dict[str, str]:
        """The action of every service that needs one."""
        return {name: str(service.action) for name, service in self.decide(before, after, **options).services.items()}
