"""Which stacks of a run have to make way for which: what one gives up in it, another one may be about to take.

Removals that stop or take down containers come before whatever claims what they have; so does a stack whose files give
up a port, a container's name or a volume before the stack that claims it now. Only Compose files that have changed are
read, and only where there is somebody to take and somebody else to give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from workers.adapters.state.deployed import Deployed
from workers.catalog.stacks import Planned
from workers.changes.claims import claims
from workers.deploy.remove import Gone
from workers.deploy.take_down import ARGV, stack_of
from workers.model.errors import TeguError
from workers.model.stack import Stack
from workers.services import Services


@dataclass(frozen=True, slots=True)
class _Side:
    """What a stack has on its engine before the run, and what it is to have after it."""

    stack: str
    docker_host: str
    before: frozenset[str]
    after: frozenset[str]


def makers_of_way(
    services: Services, changed: Sequence[Planned], gone: Iterable[Gone]
) -> Mapping[str, tuple[str, ...]]:
    """For each stack that has to wait, those that have to make way for it.

    Args:
        services: the process's.
        changed: the stacks of the run that seem to have changed.
        gone: those that are gone.
    """
    leaving = [each.stack for each in gone if each.policy in ARGV]
    records = services.state.records.get_many([*leaving, *(each.stack.id for each in changed)])
    takers = [each for each in changed if _may_claim_anew(services, each, records[each.stack.id])]
    givers = [*leaving, *(each.stack.id for each in takers if records[each.stack.id])]
    if not takers or not givers or len({*givers, *(each.stack.id for each in takers)}) == 1:
        return {}
    sides = [
        *(_changed(services, each, records[each.stack.id]) for each in takers),
        *(side for stack in leaving for side in _leaving(services, stack, records[stack])),
    ]
    return {taker.stack: found for taker in sides if (found := tuple(_in_the_way(taker, sides)))}


def _in_the_way(taker: _Side, sides: Iterable[_Side]) -> Iterator[str]:
    wanted = taker.after - taker.before
    for giver in sides:
        is_near = giver.stack != taker.stack and giver.docker_host == taker.docker_host
        if is_near and wanted & (giver.before - giver.after):
            yield giver.stack


def _may_claim_anew(services: Services, planned: Planned, record: Deployed | None) -> bool:
    """Whether any file differs that the stack's model is made of."""
    if record is None:
        return True
    try:
        tree = services.clone(planned.stack.repo).tree(planned.commit)
        return any(tree.entry(path) != record.snapshot.entries.get(path) for path in record.snapshot.made_of)
    except TeguError:
        return False


def _changed(services: Services, planned: Planned, record: Deployed | None) -> _Side:
    stack = planned.stack
    after = _claims(services, stack, planned.commit)
    before = _claims(services, stack, record.commit) if record else frozenset[str]()
    return _Side(stack.id, stack.docker_host, before, after)


def _leaving(services: Services, identifier: str, record: Deployed | None) -> Iterator[_Side]:
    if record is not None:
        stack = stack_of(identifier, record)
        yield _Side(identifier, stack.docker_host, _claims(services, stack, record.commit), frozenset())


def _claims(services: Services, stack: Stack, commit: str) -> frozenset[str]:
    with suppress(TeguError):  # a repo or a commit that is gone: nobody waits for what nobody knows
        tree = services.clone(stack.repo).tree(services.clone(stack.repo).resolve(commit))
        return claims(stack, tree, services.outside(stack), services.key)
    return frozenset()
