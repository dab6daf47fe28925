"""Which stacks there are: those of the catalog, and those discovered in a repo at an environment's commit.

A worker discovers in its clone, once per tree. Everybody else, and whoever wants one stack by its id, reads where
the last pull found it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from workers.catalog.catalog import Catalog
from workers.catalog.file import CatalogFile
from workers.catalog.folders import Listed, stack_folders
from workers.catalog.places import Place, Places, projects_of, stack_at
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.runtime.cache import BoundedCache

# Stacks, and `(id, message)` of what cannot be one.
Discovery: TypeAlias = tuple[tuple[Stack, ...], tuple[tuple[str, str], ...]]

_Key = TypeVar("_Key")
_Made = TypeVar("_Made")
_KEPT_FOLDERS = 4 << 20  # bytes
_KEPT_STACKS = 20_000


class Tree(Listed, Protocol):
    """As much of a commit's tree as is asked for here."""

    def prefetch(self, oids: Iterable[str]) -> None:
        """Read objects that will be asked for soon, in one go."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A stack and the newest known commit of its ref."""

    stack: Stack
    commit: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """What was found but cannot be a stack, or cannot be looked at; `message` says why, for a person."""

    stack: str
    commit: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Found:
    """All stacks of a repo on a worker.

    `discovered` are the paths of those that no entry of the catalog names, `environments` those that were looked at.
    `rivals` are folders that would be a stack which is another folder already: what is said of them is not to be said
    of that stack. `missing` says of each ref in use that is not there, for a person, that it is not.
    """

    planned: tuple[Planned, ...]
    invalid: tuple[Invalid, ...]
    discovered: Mapping[str, str]
    environments: tuple[str, ...]
    rivals: tuple[Invalid, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


class Stacks:
    """The stacks of the catalog and those that pulls have discovered. Threads may share one.

    Args:
        catalog: the catalog's file.
        places: where discovered stacks lie.
        tree: a commit of a repo's clone.
    """

    def __init__(self, catalog: CatalogFile, places: Places, tree: Callable[[str, str], Tree]) -> None:
        self._catalog = catalog
        self._places = places
        self._tree = tree
        # What this process has seen last, and where, by the catalog's version and the stack's id.
        self._seen: dict[tuple[str, str], tuple[Place, Stack | None]] = {}
        # The folders found in a tree by a catalog's globs: equal trees have equal folders, so this is never stale.
        self._folders: BoundedCache[tuple[str, ...]] = BoundedCache(_KEPT_FOLDERS, lambda each: 200 + 120 * len(each))
        # The stacks that the folders found last have made; they hardly ever change, and to make a thousand takes long.
        self._made: dict[tuple[str, str], tuple[tuple[object, ...], Discovery]] = {}
        # The stacks that a repo's places make in an environment, whose names and projects are taken for all others.
        self._placed: dict[tuple[str, str], tuple[tuple[str, Mapping[str, Place]], tuple[Stack, ...]]] = {}

    # ------------------------------------------------------------ what is known

    def find(self, name: str, *, remembered: bool = False) -> Stack:
        """A stack by its id, or by its short name where that is unique.

        Args:
            name: `production/authelia` or `authelia`.
            remembered: whether a place that this process has seen before will do; a discovered stack may have moved
                since. Only for the quick look, after which a difference is looked at again.

        Raises:
            UnknownName: there is none, or there are several.
        """
        catalog = self._catalog.current()
        identifier = name if "/" in name else self._only_id(catalog, name)
        configured = catalog.by_id.get(identifier)
        if configured is not None:
            return configured
        known = self._seen.get((catalog.version, identifier))
        if remembered and known and known[1]:
            return known[1]
        place = self._places.get(identifier)
        stack = self._at(catalog, identifier, place) if place else None
        if stack is None:
            message = f"there is no stack {name}; `tegu status` lists those there are"
            raise UnknownName(message, name)
        return stack

    def all(self, *, repo: str | None = None) -> tuple[Stack, ...]:
        """Every stack, configured and discovered, in order of id; of one repo if it is named."""
        catalog = self._catalog.current()
        found = {stack.id: stack for stack in catalog.stacks(repo)}
        for identifier, place in self._places.all().items():
            if repo in {None, place.repo} and (stack := self._at(catalog, identifier, place)):
                found.setdefault(identifier, stack)
        return tuple(found[identifier] for identifier in sorted(found))

    def _at(self, catalog: Catalog, identifier: str, place: Place) -> Stack | None:
        """The stack of a discovered place, None when the catalog has no room for it; made once for each place."""
        key = (catalog.version, identifier)
        known = self._seen.get(key)
        if known is None or known[0] != place:
            _make_room(self._seen, _KEPT_STACKS)
            known = self._seen[key] = (place, stack_at(catalog, identifier, place))
        return known[1]

    def _only_id(self, catalog: Catalog, name: str) -> str:
        found = {identifier for identifier in catalog.by_id if identifier.partition("/")[2] == name}
        for identifier, place in self._places.all().items():
            # What was discovered for an environment that has left the catalog since is in nobody's way.
            if identifier.partition("/")[2] == name and stack_at(catalog, identifier, place):
                found.add(identifier)
        if len(found) == 1:
            return found.pop()
        if found:
            message = f"{name} may be any of {', '.join(sorted(found))}; write it in full"
        else:
            message = f"there is no stack {name}; `tegu status` lists those there are"
        raise UnknownName(message, name)

    # ------------------------------------------------------------ looking into a clone

    def discover(self, repo: str, worker: str, heads: Mapping[str, str]) -> Found:
        """The stacks of a repo on a worker; everybody finds from now on those of them that were discovered.

        A name or a Compose project is that of whoever was discovered with it first, in whatever repo, until it goes.

        Args:
            repo: the repo.
            worker: whose environments count.
            heads: the newest known commit of each ref.
        """
        while True:
            known = self._places.all()
            found = self.at(repo, worker, heads, known)
            if self._places.replace(repo, found.environments, found.discovered, known):
                return found

    def at(self, repo: str, worker: str, heads: Mapping[str, str], known: Mapping[str, Place]) -> Found:
        """The stacks of a repo on a worker; nobody else learns of them.

        Args:
            repo: the repo.
            worker: whose environments count.
            heads: the newest known commit of each ref.
            known: what has been discovered so far, in any repo.
        """
        catalog = self._catalog.current()
        planned, invalid = [], []
        rivals: list[Invalid] = []
        for stack in catalog.stacks(repo, worker):
            if stack.ref in heads:
                planned.append(Planned(stack, heads[stack.ref]))
            else:
                invalid.append(Invalid(stack.id, None, no_ref(repo, stack.ref)))
        discovered: dict[str, str] = {}
        environments = _looked_at(catalog, repo, worker, heads)
        others = elsewhere = self._elsewhere(catalog, repo, environments, known)
        for environment in environments if catalog.repos[repo].discover else ():
            commit = heads[catalog.ref(repo, environment)]
            kept = projects_of({stack: place for stack, place in known.items() if place.repo == repo})
            stacks, problems = self._discovered(catalog, repo, environment, self._tree(repo, commit), others, kept)
            others += stacks
            planned += [Planned(stack, commit) for stack in stacks]
            taken = {*catalog.by_id, *(stack.id for stack in elsewhere)} if problems else ()
            for identifier, message in problems:
                (rivals if identifier in taken else invalid).append(Invalid(identifier, commit, message))
            discovered |= {stack.id: stack.path for stack in stacks}
        missing = {ref: _missing(catalog, repo, worker, ref) for ref in catalog.refs(repo, worker) if ref not in heads}
        return Found(tuple(planned), tuple(invalid), discovered, tuple(environments), tuple(rivals), missing)

    def _discovered(
        self,
        catalog: Catalog,
        repo: str,
        environment: str,
        tree: Tree,
        others: tuple[Stack, ...],
        projects: Mapping[str, str],
    ) -> Discovery:
        """The stacks that a commit's folders make in an environment, and `(id, message)` for those that cannot be."""
        root = tree.entry("")
        if root is None:
            return (), ()
        key = f"{catalog.version} {root.oid} {repo}"
        folders = self._folders.get(key)
        if folders is None:
            doubtful: list[str] = []
            folders = stack_folders(catalog.repos[repo].discover, tree, tree.prefetch, doubtful.append)
            if not doubtful:
                self._folders.put(key, folders)
        seen, stacks = self._made.get((repo, environment), (None, None))
        if stacks is None or seen != (catalog.version, folders, others, projects):
            stacks = catalog.discover(repo, environment, folders, others, projects)
            self._made[repo, environment] = ((catalog.version, folders, others, projects), stacks)
        return stacks

    def _elsewhere(
        self, catalog: Catalog, repo: str, environments: Collection[str], known: Mapping[str, Place]
    ) -> tuple[Stack, ...]:
        """The stacks that have been discovered in other repos, or for environments that are not looked at now."""
        groups: dict[tuple[str, str], dict[str, Place]] = defaultdict(dict)
        for stack, place in known.items():
            environment = stack.partition("/")[0]
            if place.repo != repo or environment not in environments:
                groups[place.repo, environment][stack] = place
        return tuple(stack for key, places in groups.items() for stack in self._stacks_placed(catalog, key, places))

    def _stacks_placed(self, catalog: Catalog, key: tuple[str, str], places: Mapping[str, Place]) -> tuple[Stack, ...]:
        """The stacks that a repo's places make in an environment; made once, and shared by all that ask."""
        seen, stacks = self._placed.get(key, (None, ()))
        if seen != (catalog.version, places):
            made: tuple[Stack, ...] = ()
            if key[0] in catalog.repos and catalog.repos[key[0]].discover:
                paths = [place.path for place in places.values()]
                made, _ = catalog.discover(*key, paths, projects=projects_of(places))
            stacks = tuple(stack for stack in made if stack.id in places)
            self._placed[key] = ((catalog.version, places), stacks)
        return stacks


def no_ref(repo: str, ref: str) -> str:
    """What to say of a ref that is not there."""
    return f"repo {repo} has no branch or tag {ref!r}; push it, or name another as ref"


def has_to_have(catalog: Catalog, repo: str, ref: str) -> bool:
    """Whether a repo without a ref is a mistake: where there are several, an environment's branch may be another's."""
    return ref == catalog.repos[repo].ref or len(catalog.repos) == 1


def _looked_at(catalog: Catalog, repo: str, worker: str, heads: Mapping[str, str]) -> list[str]:
    """A worker's environments. Where a ref is missing nobody has looked, so what was discovered there stays known."""
    environments = [name for name, environment in catalog.environments.items() if environment.worker == worker]
    if not catalog.repos[repo].discover:
        return environments
    return [name for name in environments if catalog.ref(repo, name) in heads]


def _missing(catalog: Catalog, repo: str, worker: str, ref: str) -> str:
    if ref == catalog.repos[repo].ref:
        return no_ref(repo, ref)
    followers = [each.name for each in catalog.environments.values() if each.ref == ref and each.worker == worker]
    return f"{' and '.join(followers)}: {no_ref(repo, ref)}"


def _make_room(kept: dict[_Key, _Made], most: int) -> None:
    while len(kept) >= most:
        kept.pop(next(iter(kept)), None)
