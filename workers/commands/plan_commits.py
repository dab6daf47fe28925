"""What a change of a repository would do: two commits compared, with neither Redis nor Docker nor a worker.

For pull requests, and for replaying a history. What is no part of Git does not differ between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workers.adapters.git import GitTree, LocalRepo, open_local
from workers.adapters.git.revisions import revisions
from workers.catalog import Catalog, load_catalog, stack_folders
from workers.changes.decision import decide, undecided
from workers.changes.project import MAIN_FILES, OVERRIDE_FILES
from workers.changes.trace import is_there
from workers.changes.tree import FILE, FOLDER, Nowhere, Tree
from workers.changes.two_commits import plan_stack
from workers.model.errors import GitUnavailable, TeguError, UnknownName
from workers.model.stack import Repo, Stack
from workers.model.words import Action, Decision, Entry, Reason
from workers.runtime.late import late
from workers.runtime.settings import Settings, process_environment

if TYPE_CHECKING:
    from workers.adapters.git import clone as clones
else:
    clones = late("workers.adapters.git.clone")  # commits hardly ever have to be fetched

_READ = frozenset({*MAIN_FILES, *OVERRIDE_FILES, ".env"})
_KEY = b"two commits, one reader"  # nothing that is digested here is kept


def compare(
    settings: Settings,
    repo: str | None,
    before: str,
    after: str,
    git_dir: Path | None = None,
    *,
    on_fetch: Callable[[], None] = lambda: None,
) -> list[Decision]:
    """What a change of a repository would do.

    Args:
        settings: name the catalog and the data directory.
        repo: whose change it is; may be left out where there is one only.
        before: the older commit: a branch, a tag, an id, or whatever Git takes for one.
        after: the newer one.
        git_dir: where to read them, instead of the repository itself or its clone.
        on_fetch: is called before commits are fetched, which they hardly ever have to be.

    Raises:
        CatalogError: the catalog is not valid.
        UnknownName: there is no such repo or commit.
        GitUnavailable: the commits would have to be fetched, and the server does not answer.
    """
    # A pull request's machine has no secrets, and needs none.
    catalog = load_catalog(settings.catalog, process_environment(), secrets=False)
    name = _named(catalog, repo)
    if git_dir is not None:
        place = open_local(git_dir)
    else:
        place = open_commits(catalog.repos[name], catalog.refs(name), settings.data_dir, (before, after), on_fetch)
    with place:
        return preview(catalog, name, place.tree(before), place.tree(after))


def typed(settings: Settings, repo: str | None, git_dir: Path | None, most: int) -> list[tuple[str, str]]:
    """What may be typed for a commit of `compare`, each with what it says; nothing is fetched for that.

    Raises:
        CatalogError: the catalog is not valid.
        UnknownName: there is no such repo, or nothing of it here.
    """
    if git_dir is not None:
        place = open_local(git_dir)
    else:
        catalog = load_catalog(settings.catalog, process_environment(), secrets=False)
        place = _here(catalog.repos[_named(catalog, repo)], settings.data_dir)
    with place:
        return revisions(place, most)


def preview(catalog: Catalog, repo: str, before: GitTree, after: GitTree) -> list[Decision]:
    """What going from one commit to another would do to each of a repo's stacks, in the order of ids.

    Args:
        catalog: as it is now.
        repo: whose commits they are.
        before: the older commit.
        after: the newer one.
    """
    decisions = {decision.stack: decision for decision in _decide(catalog, repo, before, after)}
    return [decisions[name] for name in sorted(decisions)]


def _named(catalog: Catalog, repo: str | None) -> str:
    name = repo or (next(iter(catalog.repos)) if len(catalog.repos) == 1 else "")
    if name not in catalog.repos:
        what = f"there is no repo {name!r}" if name else "name a repo with --repo"
        message = f"{what}; the catalog has {', '.join(sorted(catalog.repos)) or 'none'}"
        raise UnknownName(message)
    return name


def _decide(catalog: Catalog, repo: str, before: GitTree, after: GitTree) -> Iterator[Decision]:
    globs = catalog.repos[repo].discover
    folders = stack_folders(globs, after, after.prefetch)
    old_folders = stack_folders(globs, before, before.prefetch)
    new, invalid = _stacks(catalog, repo, after, folders)
    # Mostly they are the same stacks; making them takes longer than comparing them.
    configured = catalog.folders[repo]
    is_same = folders == old_folders and all(_is_there(before, path) == _is_there(after, path) for path in configured)
    old, was_invalid = (new, invalid) if is_same else _stacks(catalog, repo, before, old_folders)
    for name in old:
        if name not in new and name not in invalid:
            yield Decision(stack=name, action=Action.REMOVE, reason=Reason.REMOVED, commit=after.commit)
    for name, message in invalid.items():
        if was_invalid.get(name) == message:  # the change has nothing to do with it
            yield Decision(stack=name, action=Action.NONE, reason=Reason.UNCHANGED, commit=after.commit)
        else:
            yield Decision(stack=name, action=Action.NONE, reason=Reason.INVALID, commit=after.commit, message=message)
    if before.root != after.root:
        with suppress(GitUnavailable):  # whoever needs what cannot be read is told below
            _read_ahead([stack.path for stack in new.values()], after)
    for name, stack in new.items():
        try:
            yield _decide_one(stack, before if name in old else None, after)
        except GitUnavailable as error:
            yield undecided(name, after.commit, error)


def _decide_one(stack: Stack, before: GitTree | None, after: GitTree) -> Decision:
    if before is None:
        return decide(stack, None, after, Nowhere(), _KEY)[0]
    return plan_stack(stack, before, after, Nowhere(), _KEY)


def _is_there(tree: Tree, path: str) -> bool:
    """Whether a stack's folder is there. Where that cannot be read it is taken to be: whoever looks at it is told."""
    try:
        return is_there(tree, path)
    except GitUnavailable:
        return True


def _read_ahead(paths: Sequence[str], tree: GitTree) -> None:
    """Read at once what tells whether a difference elsewhere can reach these folders' stacks.

    That is their Compose files, and then the folders that these name: a symlink may lie there.
    """
    folders = [entry for entry in map(tree.entry, dict.fromkeys(filter(None, paths))) if entry and entry.mode == FOLDER]
    listings = [tree.listing(folder.oid) for folder in folders]
    tree.prefetch(child.oid for listing in listings for name, child in listing.items() if name in _READ)
    tree.prefetch(oid for listing in listings for oid in _named_folders(tree, listing))


def _named_folders(tree: Tree, listing: Mapping[str, Entry]) -> Iterator[str]:
    below = [
        (name.encode("utf-8", "surrogateescape"), entry) for name, entry in listing.items() if entry.mode == FOLDER
    ]
    if below:
        text = b"\n".join(
            tree.blob(entry.oid) for name, entry in listing.items() if name in _READ and entry.mode == FILE
        )
        yield from (entry.oid for name, entry in below if name + b"/" in text or b"$" in text)


def _stacks(
    catalog: Catalog, repo: str, tree: Tree, folders: tuple[str, ...]
) -> tuple[dict[str, Stack], dict[str, str]]:
    """The stacks that are there at a commit, by id, and what cannot be one.

    A stack that the catalog names is there when its folder is; else it was not there yet, or is no more.
    """
    stacks = {stack.id: stack for stack in catalog.stacks(repo) if _is_there(tree, stack.path)}
    invalid: dict[str, str] = {}
    found: tuple[Stack, ...] = ()
    for environment in catalog.environments:
        discovered, problems = catalog.discover(repo, environment, folders, found)
        found += discovered
        invalid |= dict(problems)
    return stacks | {stack.id: stack for stack in found}, invalid


def _here(repo: Repo, data_dir: Path) -> LocalRepo:
    clone = data_dir / "repos" / f"{repo.name}.git"
    return LocalRepo(clone) if clone.is_dir() else open_local(Path(repo.url.removeprefix("file://")))


def open_commits(
    repo: Repo, refs: tuple[str, ...], data_dir: Path, revisions: tuple[str, ...], on_fetch: Callable[[], None]
) -> LocalRepo:
    """A place to read commits from: the repository itself if it is on this machine, else the clone.

    Args:
        repo: the repo.
        refs: what to fetch if there has to be a clone first.
        data_dir: where the clone is.
        revisions: what has to be there.
        on_fetch: is called before anything is fetched.

    Raises:
        UnknownName: a revision is nowhere.
        GitUnavailable: it might be on the server, which does not answer.
    """
    if repo.url.startswith(("/", "file:///")):
        try:
            return _with(open_local(Path(repo.url.removeprefix("file://"))), revisions)
        except TeguError:
            pass  # it may have moved, while the clone has it still
    clone = data_dir / "repos" / f"{repo.name}.git"
    if clone.is_dir():
        try:
            return _with(LocalRepo(clone), revisions)
        except UnknownName:
            pass  # it may be newer than the clone
    on_fetch()
    return _with(_fetched(repo, refs, data_dir, revisions), revisions)


def _fetched(repo: Repo, refs: tuple[str, ...], data_dir: Path, revisions: tuple[str, ...]) -> LocalRepo:
    clone = clones.Clone(repo, data_dir)
    wanted = [*refs]
    for revision in revisions:
        try:
            clone.resolve(revision)
        except TeguError:
            wanted.append(revision)
    try:
        clone.fetch(wanted)
    except UnknownName:
        clone.fetch(refs)
    return clone


def _with(place: LocalRepo, revisions: tuple[str, ...]) -> LocalRepo:
    try:
        for revision in revisions:
            place.resolve(revision)
    except TeguError:
        place.close()
        raise
    return place


def decision_row(decision: Decision, *, objects: bool) -> Mapping[str, object]:
    """A decision as JSON: what is always there, and what there is to say beyond it.

    Args:
        decision: the decision.
        objects: whether the old and the new object id of each path is to be in it.
    """
    row: dict[str, object] = {
        "stack": decision.stack,
        "action": str(decision.action),
        "reason": str(decision.reason),
        "paths": list(decision.paths),
        "services": {
            name: {"action": str(service.action), "paths": list(service.paths)}
            | ({"signal": service.signal} if service.signal else {})
            for name, service in sorted(decision.services.items())
        },
    }
    more: Mapping[str, object] = {
        "objects": {path: {"old": old, "new": new} for path, (old, new) in decision.objects.items() if objects},
        "inputs": list(decision.inputs),
        "networks": list(decision.networks),
        "volumes": list(decision.volumes),
        "removed": list(decision.removed),
        "message": decision.message,
    }
    return row | {name: value for name, value in more.items() if value}
