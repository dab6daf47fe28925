"""Stacks that were never deployed and are none any more: nothing of them stays behind.

What is left of a first deployment that has failed may still run; such a stack is kept among those that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from workers.adapters.state.clock import now
from workers.adapters.state.marks import Removed
from workers.adapters.state.refused import Refusal
from workers.catalog.catalog import Catalog
from workers.catalog.places import Place
from workers.catalog.stacks import Found
from workers.deploy.files.layout import Folders
from workers.deploy.take_down import KEEP, stack_of
from workers.model.errors import UnknownName
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)

_WHY = "gone from the catalog or its repository"
_FAILED = f"{_WHY} before a first deployment of it went well; what that has begun is left as it is"


def note_refused(services: Services, repo: str, found: Found) -> None:
    """Remember what a pull has found that cannot be a stack.

    Args:
        services: the process's.
        repo: the repo that was pulled.
        found: what was found.
    """
    configured = services.catalog.current().by_id
    refused = {each.stack: Refusal(repo, each.commit, each.message) for each in found.invalid}
    environments = found.environments
    services.state.refused.replace(
        repo, environments, {stack: each for stack, each in refused.items() if stack not in configured}
    )


def forget_vanished(services: Services, worker: str) -> tuple[str, ...]:
    """Forget this worker's stacks that neither the catalog nor any repo has, and that were never deployed.

    Returns:
        Those that were forgotten.
    """
    state, catalog = services.state, services.catalog.current()
    known = state.records.known()  # before the places: whatever is planned has its place by then
    places, refused = state.discovered.all(), state.refused.all()
    state.refused.forget([stack for stack, each in refused.items() if not _is_of(catalog, stack, each)])
    left = [
        stack
        for stack in known
        if stack not in catalog.by_id
        and not any(_is_of(catalog, stack, each) for each in (places.get(stack), refused.get(stack)))
        and _may_forget(catalog, stack, worker)
    ]
    records = state.records.get_many(left)
    return tuple(_forget(services, [stack for stack in left if records[stack] is None]))


def _is_of(catalog: Catalog, stack: str, found: Place | Refusal | None) -> bool:
    """Whether the catalog still looks where something was found."""
    return found is not None and found.repo in catalog.repos and stack.partition("/")[0] in catalog.environments


def _may_forget(catalog: Catalog, stack: str, worker: str) -> bool:
    """Whether it was this worker's; what was found for an environment that has left the catalog is nobody's."""
    environment = catalog.environments.get(stack.partition("/")[0])
    return environment is None or environment.worker == worker


def _forget(services: Services, stacks: Iterable[str]) -> Iterable[str]:
    state = services.state
    for stack, facts in state.facts(stacks).items():
        if facts.leased or _has_begun(services, stack):
            continue
        with suppress(UnknownName):  # what is no id has no journal
            state.journal.delete(stack)
        state.forget(stack)
        log.info("stack forgotten that was never deployed", stack=stack)
        yield stack


def _has_begun(services: Services, stack: str) -> bool:
    """Whether a journal knows more than Redis, or a first deployment has written files; it is no more than gone."""
    try:
        journal = services.state.journal.load(stack)
    except UnknownName:
        return False
    if journal.record is not None or journal.left is not None:
        return True
    if not Folders.of(services.settings.data_dir, stack_of(stack, None)).manifest.exists():
        return False
    if services.state.records.status(stack).removed is None:
        services.state.records.set_status(stack, removed=Removed(_FAILED, KEEP, KEEP, now()))
    return True
