"""Stacks that are new in a pull and go on, or seem to go on, with one that is gone: found before anything is started.

What is the same is carried over by the new one's own task. What may be, and would begin without the other one's data,
waits until somebody decides, and what is gone is left as it is until then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from workers.adapters.state.deployed import Deployed
from workers.adapters.state.heirs import Heir
from workers.catalog.stacks import Planned
from workers.changes.closure import take_snapshot
from workers.changes.tree import Tree
from workers.deploy.heritage import has_data, is_alike, is_replaced, is_same
from workers.deploy.remove import Gone
from workers.model.errors import InvalidStack, TeguError
from workers.model.stack import Stack
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)


def find_heirs(services: Services, changed: Sequence[Planned], gone: Iterable[Gone]) -> frozenset[str]:
    """Note which stacks seem to go on with which that are gone.

    Args:
        services: the process's.
        changed: the stacks of the run that seem to have changed.
        gone: those that are gone.

    Returns:
        Those of the gone ones that somebody goes on with, or may.
    """
    known = services.state.records.among([each.stack.id for each in changed])
    new = [each for each in changed if each.stack.id not in known]
    if not new:
        return frozenset()
    records = services.state.records.get_many([each.stack for each in gone])
    left = {stack: record for stack, record in records.items() if record is not None}
    found = heirs_of(services, new, left) if left else {}
    services.state.heirs.note([each.stack.id for each in new], found)
    decided = services.state.adoptions.all() if found else {}
    return frozenset(
        source
        for stack, heir in found.items()
        if stack not in decided or decided[stack].source
        for source in heir.sources
    )


def heirs_of(services: Services, new: Sequence[Planned], left: Mapping[str, Deployed]) -> dict[str, Heir]:
    """Which stacks go on, or seem to go on, with which that are gone; nothing is written.

    Args:
        services: the process's.
        new: stacks that were never deployed.
        left: what is deployed of those that are gone, by id.
    """
    pairs = [
        (each, source)
        for each in new
        for source, record in left.items()
        if _is_near(each.stack, record) and _is_same(services, each, source, record)
    ]
    found = {each.stack.id: Heir((source,), is_same=True) for each, source in _only(pairs, left)}
    taken = {source for heir in found.values() for source in heir.sources}
    others = {source: record for source, record in left.items() if source not in taken}
    for each in new:
        if each.stack.id not in found and (sources := tuple(_alike(services, each, others))):
            found[each.stack.id] = Heir(sources)
    return found


def _is_near(stack: Stack, record: Deployed) -> bool:
    home = record.home(stack)
    return record.repo == stack.repo and (home.worker, home.docker_host) == (stack.worker, stack.docker_host)


def _is_same(services: Services, each: Planned, source: str, record: Deployed) -> bool:
    try:
        same = is_same(services, each.stack, source, record, each.commit)
        return same and not is_replaced(services, each.stack, source, record)
    except TeguError as error:
        log.warning("not compared with what is gone", stack=each.stack.id, gone=source, error=str(error))
        return False


def _only(pairs: Sequence[tuple[Planned, str]], left: Mapping[str, Deployed]) -> Iterator[tuple[Planned, str]]:
    """Those pairs that leave no choice. Of several heirs, one that has the project is the one that is meant."""
    heirs: dict[str, list[Planned]] = defaultdict(list)
    for each, source in pairs:
        heirs[source].append(each)
    meant = {}
    for source, several in heirs.items():
        named = [each for each in several if each.stack.project == left[source].project]
        meant[source] = named if len(named) == 1 else several
    sources: dict[str, list[str]] = defaultdict(list)
    for source, several in meant.items():
        for each in several:
            sources[each.stack.id].append(source)
    for source, several in meant.items():
        if len(several) == 1 and sources[several[0].stack.id] == [source]:
            yield several[0], source


def _alike(services: Services, each: Planned, left: Mapping[str, Deployed]) -> Iterator[str]:
    near = {source: record for source, record in left.items() if _is_near(each.stack, record)}
    with_data = {source: record for source, record in near.items() if has_data(services, source, record)}
    if not with_data:
        return
    stack = each.stack
    try:
        tree: Tree = services.clone(stack.repo).tree(each.commit)
        snapshot = take_snapshot(stack, tree, services.outside(stack), services.key)
    except (InvalidStack, TeguError):
        return  # nothing is started of it
    for source, record in with_data.items():
        if is_alike(record.snapshot, snapshot, tree):
            yield source
