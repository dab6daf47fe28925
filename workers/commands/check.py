"""Whether the catalog and every Compose file at the followed commits are in order: every mistake, not the first one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from workers.adapters.notify import problem_of
from workers.catalog import Catalog
from workers.catalog.places import Place, replaced
from workers.catalog.stacks import Planned, has_to_have
from workers.changes.closure import take_snapshot
from workers.changes.rules import rule_problems
from workers.changes.snapshot import Snapshot
from workers.changes.trace import is_there
from workers.commands.plan import found_in
from workers.commands.rehearse import refusal
from workers.deploy.files.layout import Folders
from workers.model.errors import CatalogError, CommandFailed, GitRefused, GitUnavailable, InvalidStack, TeguError
from workers.services import Services


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that `tegu check` has to say. `stack` is empty for what concerns the whole catalog.

    `unreachable` says that nothing is known to be wrong: a Git server did not answer.
    """

    stack: str
    message: str
    error: bool = True
    unreachable: bool = False


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
    yield from _of_stacks(services, planned)
    if not away:
        yield from _of_order(planned)


def _is_unreachable(error: TeguError) -> bool:
    """Whether nobody answers; who answers and refuses has to be told something else."""
    return isinstance(error, GitUnavailable) and not isinstance(error, GitRefused)


def _of_receivers(catalog: Catalog) -> Iterator[Finding]:
    for each in catalog.receivers:
        if problem := problem_of(each):
            yield Finding("", f"{catalog.path}:{each.line}: {each.name}: {problem}")


def _of_stacks(services: Services, planned: Iterable[Planned]) -> Iterator[Finding]:
    readable: dict[str, tuple[Planned, Snapshot]] = {}
    for each in planned:
        try:
            readable[each.stack.id] = each, _snapshot(services, each)
        except (InvalidStack, GitUnavailable) as error:
            yield Finding(each.stack.id, str(error))
    refused, unasked = _refusals(services, readable)
    if unasked:
        yield Finding("", unasked, error=False)
    for stack, (each, snapshot) in readable.items():
        if stack in refused:
            yield Finding(stack, refused[stack])
        for problem in rule_problems(each.stack, snapshot):
            yield Finding(stack, problem.removeprefix(f"{stack}: "))
        for warning in snapshot.warnings:
            yield Finding(stack, warning, error=False)
        for name in snapshot.unset:
            yield Finding(stack, _unset(name), error=False)


def _unset(name: str) -> str:
    """What is said of a variable without a value; a place where an env file uses one has a colon, a name never has."""
    nothing = "Compose puts nothing in its place"
    if ":" not in name:
        return f"the variable {name} is not set; {nothing}"
    return f"{name}: a variable that is used here is not set; {nothing} (write $$ for a dollar, or use single quotes)"


def _snapshot(services: Services, planned: Planned) -> Snapshot:
    stack = planned.stack
    tree = services.clone(stack.repo).tree(planned.commit)
    if not is_there(tree, stack.path):
        # Its live files may still be there, and would be taken for files that Git lacks.
        message = f"repo {stack.repo} has no such folder at {stack.ref}; take the stack out of the catalog"
        raise InvalidStack(message, stack.path)
    return take_snapshot(stack, tree, services.outside(stack), services.key)


def _refusals(services: Services, readable: Mapping[str, tuple[Planned, Snapshot]]) -> tuple[dict[str, str], str]:
    """By stack, why Compose refuses files that Tegu can read; and why it was not asked, where it is not there."""
    try:
        services.compose.version()
    except CommandFailed:
        return {}, "without docker compose only what Tegu itself reads of Compose files was checked"

    def ask(each: Planned, snapshot: Snapshot) -> str:
        folders = Folders.of(services.settings.data_dir, each.stack)
        try:
            return refusal(services.compose, services.clone(each.stack.repo), each.stack, snapshot, folders)
        except GitUnavailable as error:
            return str(error)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        asked = {stack: pool.submit(ask, *known) for stack, known in readable.items()}
    answers = {stack: answer.result() for stack, answer in asked.items()}
    return {stack: answer for stack, answer in answers.items() if answer}, ""


def _of_order(planned: Iterable[Planned]) -> Iterator[Finding]:
    """Stacks that come after one that is in no repository; only where all of these could be seen."""
    known = {each.stack.id for each in planned}
    for each in planned:
        for name in each.stack.options.after:
            if f"{each.stack.environment}/{name}" not in known:
                yield Finding(each.stack.id, f"after: there is no stack {name} in {each.stack.environment}")
