"""Whether a working tree is in order before it is pushed, judged as it would be committed: no Redis, no engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from workers.adapters.git.working_tree import WorkingTree, is_same_address, working_tree
from workers.catalog import Catalog, load_catalog, stack_folders
from workers.catalog.stacks import Planned
from workers.changes.trace import NO_LIVE
from workers.changes.tree import Nowhere
from workers.commands.check_stacks import Finding, Reading, of_order, of_stacks
from workers.deploy.files.layout import Folders
from workers.model.errors import CatalogError, UnknownName
from workers.runtime.settings import process_environment
from workers.services import HostFiles, Services

_KEY = b"one reader, nothing kept"


class _BesideTree(Nowhere):
    """The files of the working tree that Git does not have.

    The worker's may be others, so one that is missing is told of and no mistake: no live directory is known.
    """

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._files = HostFiles(str(root), environ)
        self._root = root
        self.environ = environ

    def read(self, path: str) -> bytes | None:
        """A file's bytes, if it lies in the working tree."""
        if not path.startswith(f"{NO_LIVE}/"):
            return None
        place = self._root / path.removeprefix(f"{NO_LIVE}/")
        return self._files.read(str(place)) if place.resolve().is_relative_to(self._root.resolve()) else None


def check_folder(services: Services, folder: Path, repo: str | None = None) -> list[Finding]:
    """Everything that would be wrong with the stacks of a repo if a working tree were committed and pushed as it is.

    Args:
        services: of this process; neither Redis nor an engine is asked.
        folder: in the working tree.
        repo: whose it is; may be left out where the catalog has one only, or one with an address that it knows.

    Raises:
        UnknownName: nobody knows whose it is.
        UsageError: the folder is in no working tree.
    """
    try:
        # Whoever writes files needs no secrets.
        catalog = load_catalog(services.settings.catalog, process_environment(), secrets=False)
    except CatalogError as error:
        return [Finding("", problem) for problem in error.problems]
    with working_tree(folder) as tree:
        found = list(_findings(services, catalog, _repo_of(catalog, tree, repo), tree))
    return sorted(found, key=lambda finding: finding.stack)


def _repo_of(catalog: Catalog, tree: WorkingTree, repo: str | None) -> str:
    if repo is not None and repo not in catalog.repos:
        message = f"there is no repo {repo!r}; the catalog has {', '.join(sorted(catalog.repos)) or 'none'}"
        raise UnknownName(message)
    if repo is not None or len(catalog.repos) == 1:
        return repo or next(iter(catalog.repos))
    same = [name for name, each in catalog.repos.items() if any(is_same_address(each.url, one) for one in tree.remotes)]
    if len(same) != 1:
        message = (
            f"name the repo of {tree.root} with --repo; the catalog has {', '.join(sorted(catalog.repos)) or 'none'}"
        )
        raise UnknownName(message)
    return same[0]


def _findings(services: Services, catalog: Catalog, repo: str, tree: WorkingTree) -> Iterator[Finding]:
    content = tree.repo.tree(tree.commit)
    folders = stack_folders(catalog.repos[repo].discover, content, content.prefetch)
    found = catalog.stacks(repo)
    for environment in catalog.environments:
        discovered, problems = catalog.discover(repo, environment, folders, found)
        found += discovered
        yield from (Finding(stack, message) for stack, message in problems)
    planned = sorted((Planned(stack, tree.commit) for stack in found), key=lambda each: each.stack.id)
    yield from of_stacks(_reading(services, tree), planned)
    if len(catalog.repos) == 1:
        yield from of_order(planned)


def _reading(services: Services, tree: WorkingTree) -> Reading:
    nowhere = tree.repo.path  # only the live folder of these is read
    return Reading(
        services.compose,
        _KEY,
        commits=lambda _: tree.repo,
        outside=lambda stack: _BesideTree(tree.root, services.outside(stack).environ),
        folders=lambda _: Folders(tree.root, nowhere, nowhere, nowhere),
        place=lambda _: f"there is no such folder in {tree.root}",
        on_host=False,
    )
