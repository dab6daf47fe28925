"""Whether the catalog and every Compose file at the followed commits are in order: every mistake, not the first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workers.adapters.notify import problem_of
from workers.catalog import Catalog
from workers.catalog.places import Place, replaced
from workers.catalog.stacks import Planned, has_to_have
from workers.commands.check_stacks import Finding, Reading, of_order, of_stacks
from workers.commands.plan import found_in
from workers.deploy.files.layout import Folders
from workers.model.errors import CatalogError, GitRefused, GitUnavailable, TeguError
from workers.services import Services


def check(services: Services, *, fetch: bool = True) -> list[Finding]:
    """Everything that is wrong with the catalog and with the Compose files at the followed commits, stack by stack.

    Args:
        services: of this process.
        fetch: bring the clones up to date first.

    Raises:
        UsageError: when a clone belongs to another user.
    """
    try:
        catalog = services.catalog.current()
    except CatalogError as error:
        return _of_catalog(error)
    if services.catalog.problem:
        return _of_catalog(services.catalog.problem)
    return sorted(_findings(services, catalog, fetch=fetch), key=lambda finding: finding.stack)


def _of_catalog(error: CatalogError) -> list[Finding]:
    return [Finding("", problem) for problem in error.problems]


def _findings(services: Services, catalog: Catalog, *, fetch: bool) -> Iterator[Finding]:
    for warning in catalog.warnings:
        yield Finding("", warning, error=False)
    yield from _of_receivers(catalog)
    planned: list[Planned] = []
    known: Mapping[str, Place] = {}
    away = False
    for repo in catalog.repos:
        try:
            found, stale = found_in(services, catalog, repo, known, fetch=fetch)
        except GitUnavailable as error:
            away = True
            yield Finding("", str(error), unreachable=_is_unreachable(error))
            continue
        if stale is not None:  # whether all is in order at the followed commits, nobody knows
            message = f"{repo}: looking at what was fetched last: {stale}"
            yield Finding("", message, unreachable=_is_unreachable(stale))
        known = replaced(known, repo, found.environments, found.discovered)
        for ref, message in found.missing.items():
            yield Finding("", message, error=has_to_have(catalog, repo, ref))
        for invalid in (*found.invalid, *found.rivals):
            yield Finding(invalid.stack, invalid.message)
        planned += found.planned
    planned.sort(key=lambda each: each.stack.id)
    yield from of_stacks(_reading(services), planned)
    if not away:
        yield from of_order(planned)


def _is_unreachable(error: TeguError) -> bool:
    """Whether nobody answers; who answers and refuses has to be told something else."""
    return isinstance(error, GitUnavailable) and not isinstance(error, GitRefused)


def _of_receivers(catalog: Catalog) -> Iterator[Finding]:
    for each in catalog.receivers:
        if problem := problem_of(each):
            yield Finding("", f"{catalog.path}:{each.line}: {each.name}: {problem}")


def _reading(services: Services) -> Reading:
    """The clones, and this worker's host."""
    return Reading(
        services.compose,
        services.key,
        commits=lambda stack: services.clone(stack.repo),
        outside=services.outside,
        folders=lambda stack: Folders.of(services.settings.data_dir, stack),
        place=lambda stack: f"repo {stack.repo} has no such folder at {stack.ref}",
    )
