"""Which stacks there are: those of the catalog, and those discovered in a repo at an environment's commit.

A worker discovers in its clone, once per tree. Everybody else, and whoever wants one stack by its id, reads where
the last pull found it from Redis.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from workers.adapters.state.discovered import Place
from workers.catalog import Catalog, stack_folders
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.services import Services

if TYPE_CHECKING:
    from workers.adapters.git import GitTree

# Stacks, and `(id, message)` of what cannot be one.
Discovery: TypeAlias = tuple[tuple[Stack, ...], tuple[tuple[str, str], ...]]

_KEPT_DISCOVERIES = 64
_KEPT_STACKS = 20_000


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


def discover(services: Services, repo: str, worker: str, heads: Mapping[str, str]) -> Found:
    """The stacks of a repo on a worker; everybody finds from now on those of them that were discovered.

    A name or a Compose project is that of whoever was discovered with it first, in whatever repo, until it goes.

    Args:
        services: the process's.
        repo: the repo.
        worker: whose environments count.
        heads: the newest known commit of each ref.
    """
    while True:
        known = services.state.discovered.all()
        found = stacks_at(services, repo, worker, heads, known)
        if services.state.discovered.replace(repo, found.environments, found.discovered, known):
            return found


def stacks_at(
    services: Services, repo: str, worker: str, heads: Mapping[str, str], known: Mapping[str, Place]
) -> Found:
    """The stacks of a repo on a worker.

    Args:
        services: for the catalog and the clone.
        repo: the repo.
        worker: whose environments count.
        heads: the newest known commit of each ref.
        known: what has been discovered so far, in any repo.
    """
    catalog = services.catalog.current()
    planned, invalid = [], []
    rivals: list[Invalid] = []
    for stack in catalog.stacks(repo, worker):
        if stack.ref in heads:
            planned.append(Planned(stack, heads[stack.ref]))
        else:
            invalid.append(Invalid(stack.id, None, no_ref(repo, stack.ref)))
    discovered: dict[str, str] = {}
    environments = [name for name, environment in catalog.environments.items() if environment.worker == worker]
    if catalog.repos[repo].discover:
        # Where a ref is missing nobody has looked, so what was discovered there before stays known.
        environments = [name for name in environments if catalog.ref(repo, name) in heads]
    others = elsewhere = _elsewhere(catalog, repo, environments, known)
    for environment in environments if catalog.repos[repo].discover else ():
        commit = heads[catalog.ref(repo, environment)]
        stacks, problems = discover_at(catalog, repo, environment, services.clone(repo).tree(commit), others)
        others += stacks
        planned += [Planned(stack, commit) for stack in stacks]
        taken = {*catalog.by_id, *(stack.id for stack in elsewhere)} if problems else ()
        for identifier, message in problems:
            (rivals if identifier in taken else invalid).append(Invalid(identifier, commit, message))
        discovered |= {stack.id: stack.path for stack in stacks}
    missing = {ref: _missing(catalog, repo, worker, ref) for ref in catalog.refs(repo, worker) if ref not in heads}
    return Found(tuple(planned), tuple(invalid), discovered, tuple(environments), tuple(rivals), missing)


def discover_at(
    catalog: Catalog, repo: str, environment: str, tree: GitTree, others: tuple[Stack, ...] = ()
) -> Discovery:
    """The stacks that a commit's folders make in an environment, and `(id, message)` for those that cannot be.

    Args:
        catalog: whose globs and defaults count.
        repo: whose commit it is.
        environment: where they are to be deployed to.
        tree: the commit.
        others: stacks discovered elsewhere, which names and projects must not collide with.
    """
    root = tree.entry("")
    if root is None:
        return (), ()
    key = (catalog.version, repo, root.oid)
    folders = _folders.get(key)
    if folders is None:
        doubtful: list[str] = []
        folders = stack_folders(catalog.repos[repo].discover, tree, tree.prefetch, doubtful.append)
        while len(_folders) >= _KEPT_DISCOVERIES:
            _folders.pop(next(iter(_folders)), None)
        if not doubtful:
            _folders[key] = folders
    seen, stacks = _stacks.get((repo, environment), (None, None))
    if stacks is None or seen != (catalog.version, folders, others):
        stacks = catalog.discover(repo, environment, folders, others)
        _stacks[repo, environment] = ((catalog.version, folders, others), stacks)
    return stacks


def _elsewhere(
    catalog: Catalog, repo: str, environments: Collection[str], known: Mapping[str, Place]
) -> tuple[Stack, ...]:
    """The stacks that have been discovered in other repos, or for environments that are not looked at now."""
    places = {
        stack: place
        for stack, place in known.items()
        if place.repo != repo or stack.partition("/")[0] not in environments
    }
    seen, stacks = _others.get(repo, (None, ()))
    if seen != (catalog.version, places):
        folders: dict[tuple[str, str], list[str]] = defaultdict(list)
        for stack, place in places.items():
            if place.repo in catalog.repos and catalog.repos[place.repo].discover:
                folders[place.repo, stack.partition("/")[0]].append(place.path)
        made = (stack for key, paths in folders.items() for stack in catalog.discover(*key, paths)[0])
        stacks = tuple(stack for stack in made if stack.id in places)
        _others[repo] = ((catalog.version, places), stacks)
    return stacks


# The folders found in a tree by a catalog's globs: equal trees have equal folders, so this is never stale.
_folders: dict[tuple[str, str, str], tuple[str, ...]] = {}

# The stacks that the folders found last have made; they hardly ever change, and to make a thousand takes a while.
_stacks: dict[tuple[str, str], tuple[tuple[str, tuple[str, ...], tuple[Stack, ...]], Discovery]] = {}

# The stacks that names and projects of a repo must not collide with, and where they were discovered.
_others: dict[str, tuple[tuple[str, Mapping[str, Place]], tuple[Stack, ...]]] = {}


def find_stack(services: Services, name: str, *, remembered: bool = False) -> Stack:
    """A stack by its id, or by its short name where that is unique.

    Args:
        services: for the catalog and for what pulls have discovered.
        name: `production/authelia` or `authelia`.
        remembered: whether a place that this process has seen before will do; a discovered stack may have moved
            since. Only for the quick look, after which a difference is looked at again.

    Raises:
        UnknownName: there is none, or there are several.
    """
    catalog = services.catalog.current()
    identifier = name if "/" in name else _only_id(services, catalog, name)
    configured = catalog.by_id.get(identifier)
    if configured is not None:
        return configured
    key = (catalog.version, identifier)
    if remembered and (stack := services.discovered_stacks.get(key)) is not None:
        return stack
    place = services.state.discovered.get(identifier)
    stack = _discovered(catalog, identifier, place) if place else None
    if stack is None:
        message = f"there is no stack {name}; `tegu status` lists those there are"
        raise UnknownName(message)
    while len(services.discovered_stacks) >= _KEPT_STACKS:
        services.discovered_stacks.pop(next(iter(services.discovered_stacks)), None)
    services.discovered_stacks[key] = stack
    return stack


def all_stacks(services: Services, *, repo: str | None = None) -> tuple[Stack, ...]:
    """Every stack, configured and discovered, in order of id; of one repo if it is named."""
    catalog = services.catalog.current()
    found = {stack.id: stack for stack in catalog.stacks(repo)}
    for identifier, place in services.state.discovered.all().items():
        if repo in {None, place.repo} and (stack := _discovered(catalog, identifier, place)):
            found.setdefault(identifier, stack)
    return tuple(found[identifier] for identifier in sorted(found))


def paused_by_option(catalog: Catalog, discovered: Mapping[str, Place]) -> frozenset[str]:
    """The stacks that the catalog itself pauses.

    Args:
        catalog: the catalog.
        discovered: the places of discovered stacks by id. They have the options of their environment's defaults,
            so one of them tells of all.
    """
    paused = {stack.id for stack in catalog.configured if stack.options.paused}
    by_environment: dict[str, bool] = {}
    for identifier, place in discovered.items():
        environment = identifier.partition("/")[0]
        if environment not in by_environment and (stack := _discovered(catalog, identifier, place)):
            by_environment[environment] = stack.options.paused
        if by_environment.get(environment) and identifier not in catalog.by_id:
            paused.add(identifier)
    return frozenset(paused)


def _only_id(services: Services, catalog: Catalog, name: str) -> str:
    found = {identifier for identifier in catalog.by_id if identifier.partition("/")[2] == name}
    for identifier, place in services.state.discovered.all().items():
        # What was discovered for an environment that has left the catalog since is in nobody's way.
        if identifier.partition("/")[2] == name and _discovered(catalog, identifier, place):
            found.add(identifier)
    if len(found) == 1:
        return found.pop()
    if found:
        message = f"{name} may be any of {', '.join(sorted(found))}; write it in full"
    else:
        message = f"there is no stack {name}; `tegu status` lists those there are"
    raise UnknownName(message)


def _discovered(catalog: Catalog, identifier: str, place: Place) -> Stack | None:
    """The stack of a discovered place, None when the catalog has no room for it any more."""
    environment = identifier.partition("/")[0]
    if place.repo not in catalog.repos or environment not in catalog.environments:
        return None
    stacks, _ = catalog.discover(place.repo, environment, [place.path])
    return next((stack for stack in stacks if stack.id == identifier), None)


def no_ref(repo: str, ref: str) -> str:
    """What to say of a ref that is not there."""
    return f"repo {repo} has no branch or tag {ref!r}; push it, or name another as ref"


def has_to_have(catalog: Catalog, repo: str, ref: str) -> bool:
    """Whether a repo without a ref is a mistake: where there are several, an environment's branch may be another's."""
    return ref == catalog.repos[repo].ref or len(catalog.repos) == 1


def _missing(catalog: Catalog, repo: str, worker: str, ref: str) -> str:
    if ref == catalog.repos[repo].ref:
        return no_ref(repo, ref)
    followers = [each.name for each in catalog.environments.values() if each.ref == ref and each.worker == worker]
    return f"{' and '.join(followers)}: {no_ref(repo, ref)}"
