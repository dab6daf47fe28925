"""What a stack is made of at one commit: the thing that is recorded at a deployment and compared from then on.

It holds no value of any variable and no content: object ids for what Git has, keyed digests for the rest, so
it may lie in Redis. Thousands are read from JSON in one pull, hence the plain shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from workers.changes.digest import canonical, plain
from workers.changes.filtered import Filtered, Side, filtered
from workers.changes.ignorefile import BadPatternError
from workers.changes.tree import FOLDER, SUBMODULE, Tree, walk
from workers.model.words import Action, Entry

RULES = 3
"""The version of the rules of this package; a record made under another one is made again at its own commit."""


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """What reaches one service.

    `definition` is the keyed digest of what Compose counts of the service, in older releases and in later ones; `build`
    that of its build section, `""` without one; `recreated` that of what only a new container sees although Compose
    does not notice (inline configs, configs and secrets from the environment); `image` that of its image's name in the
    spelling for matching. `content` says of each closure path what its change asks for: `RESTART`, `RECREATE` or
    `BUILD`. `model` are the paths that its definition was read from, `inputs` the names of inputs outside Git that went
    into it. `restarts_with` are services whose restart restarts this one, `shares_with` those whose network or process
    namespace it lives in, `borrows_from` those whose volumes it has, `builds_on` those whose image its build uses or,
    without one, is its own, `runs` those whose image one of its hooks or volumes is.
    """

    definition: str
    build: str = ""
    recreated: str = ""
    content: Mapping[str, Action] = field(default_factory=dict)
    model: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    restarts_with: tuple[str, ...] = ()
    shares_with: tuple[str, ...] = ()
    borrows_from: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    image: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A stack's closure and the digests that decide what a difference in it means.

    `entries` are all paths of the closure with what Git has there, None for absent ones. `folders` are folders in
    which something was looked for in vain, with whether they were folders then (a symlink put in their place could
    lead to it). `filtered` are build contexts: the digest of what their ignore file leaves; `filters` the path of
    that ignore file. `outside` are files that Git lacks, by repository path or absolute path, with their keyed digest
    or None when absent. `inputs` are keyed digests by name (`variable:X`, `option:profiles`), None when unset.
    `model` are the files that make the model. `compose_files` and `env_files` are what the command line names,
    repository paths or absolute ones; `profiles` the active ones. `watched` are the paths of the `watch` option,
    `extra` paths that only Compose knew of, `unset` the variables that were used without a value (`FILE:LINE` where an
    env file uses one), `host_paths` what is mounted from outside the repository and so not content, `secrets` the paths
    that hold secrets by their use.
    """

    commit: str
    path: str
    rules: int
    entries: Mapping[str, Entry | None]
    folders: Mapping[str, bool]
    filtered: Mapping[str, str]
    filters: Mapping[str, str]
    outside: Mapping[str, str | None]
    inputs: Mapping[str, str | None]
    services: Mapping[str, ServiceSnapshot]
    networks: Mapping[str, str]
    volumes: Mapping[str, str]
    model: tuple[str, ...] = ()
    compose_files: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    host_paths: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """The digest of the closure's entries and of the inputs outside Git; equal content, equal fingerprint."""
        entries = {path: self.filtered.get(path) or entry for path, entry in self.entries.items()}
        return plain(canonical([self.rules, entries, self.outside, self.inputs]))

    @property
    def outside_paths(self) -> tuple[str, ...]:
        """The files Git lacks that are there: repository paths below the live directory, or absolute paths."""
        return tuple(sorted(path for path, digest in self.outside.items() if digest is not None))

    @property
    def made_of(self) -> frozenset[str]:
        """What Compose reads: the files that make the model and those that go into services' definitions."""
        return frozenset(self.model).union(*(each.model for each in self.services.values()))

    @property
    def confidential(self) -> tuple[str, ...]:
        """What Compose reads and nobody may be told the content of: all of it but the Compose files that Git has."""
        public = {path for path in self.model if self.entries.get(path) and path.endswith((".yaml", ".yml"))}
        # An env file may be called so too; its use says what it is.
        return tuple(sorted(self.made_of - (public - {*self.secrets})))

    @property
    def asked_for(self) -> frozenset[str]:
        """The variables that were looked up in Compose's own environment, whether it has them or not."""
        kind = "variable:"
        return frozenset(name.removeprefix(kind) for name in self.inputs if name.startswith(kind))

    def files(self, tree: Tree) -> dict[str, Entry]:
        """Every file and symlink of the closure by path, folders expanded, build contexts after their ignore file.

        Args:
            tree: any tree of the same clone; only object ids are looked up.
        """
        return dict(self._files(tree))

    def _files(self, tree: Tree) -> Iterator[tuple[str, Entry]]:
        for path, entry in self.entries.items():
            if entry is None or entry.mode == SUBMODULE:
                continue
            side = self.side(tree, path) if path in self.filtered else entry
            yield from side.files() if isinstance(side, Filtered) else walk(tree, entry, path)

    def hollow(self, tree: Tree) -> tuple[str, ...]:
        """The folders of build contexts that reach the builder although their ignore file leaves nothing in them."""
        sides = [self.side(tree, path) for path in self.filtered]
        return tuple(path for side in sides if isinstance(side, Filtered) for path in side.hollow())

    def side(self, tree: Tree, path: str) -> Side:
        """What the closure has at one of its paths, after the ignore file if it is a folder; for comparisons.

        Args:
            tree: any tree of the same clone.
            path: a path of the closure; any other has nothing.
        """
        entry = self.entries.get(path)
        if entry is None or entry.mode != FOLDER:
            return entry
        ignore = self.entries.get(self.filters[path]) if self.filters.get(path) else None
        try:
            folder = filtered(tree, path, entry, tree.blob(ignore.oid) if ignore else b"")
            folder.left  # noqa: B018 (fails for a pattern that older rules did not refuse)
        except BadPatternError:
            return filtered(tree, path, entry, b"")
        return folder

    def joined(self, tree: Tree, paths: tuple[str, ...]) -> Snapshot:
        """The same with further paths that Compose was found to use; they stay in the closure from then on.

        Args:
            tree: the snapshot's own commit.
            paths: repository paths, from `agreement.missing_sources`.
        """
        return replace(
            self,
            entries={**self.entries, **{path: tree.entry(path) for path in paths}},
            extra=tuple(sorted({*self.extra, *paths})),
            warnings=(*self.warnings, *(f"Compose also uses {path}; it joins what is compared" for path in paths)),
        )

    def to_json(self) -> dict[str, object]:
        """The snapshot as JSON-able values."""
        return {
            "commit": self.commit,
            "path": self.path,
            "rules": self.rules,
            "entries": self.entries,
            "folders": self.folders,
            "filtered": self.filtered,
            "filters": self.filters,
            "outside": self.outside,
            "inputs": self.inputs,
            "services": {name: _service_to_json(service) for name, service in self.services.items()},
            "networks": self.networks,
            "volumes": self.volumes,
            **{name: getattr(self, name) for name in _TUPLES},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Snapshot:
        """The snapshot that `to_json` wrote, also after a journey through JSON text."""
        known: dict[str, Any] = {name: value[name] for name in _SAME}
        known["entries"] = {
            path: None if entry is None else Entry._make(entry) for path, entry in value["entries"].items()
        }
        known["services"] = {name: _service_from_json(service) for name, service in value["services"].items()}
        for name in _TUPLES:
            known[name] = tuple(value.get(name, ()))
        return cls(**known)


_SAME = ("commit", "path", "rules", "folders", "filtered", "filters", "outside", "inputs", "networks", "volumes")
_TUPLES = (
    "model",
    "compose_files",
    "env_files",
    "profiles",
    "watched",
    "extra",
    "unset",
    "host_paths",
    "secrets",
    "warnings",
)
_SERVICE_TUPLES = (
    "model",
    "inputs",
    "networks",
    "volumes",
    "restarts_with",
    "shares_with",
    "borrows_from",
    "builds_on",
    "runs",
)


def _service_to_json(service: ServiceSnapshot) -> dict[str, object]:
    value: dict[str, object] = {"definition": service.definition}
    for name in ("build", "recreated", "image", "content", *_SERVICE_TUPLES):
        if part := getattr(service, name):
            value[name] = part
    return value


def _service_from_json(value: Mapping[str, Any]) -> ServiceSnapshot:
    known = dict(value)
    if "content" in known:
        known["content"] = {path: Action(action) for path, action in known["content"].items()}
    for name in _SERVICE_TUPLES:
        if name in known:
            known[name] = tuple(known[name])
    return ServiceSnapshot(**known)
