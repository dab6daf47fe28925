"""Deployed stacks that are none any more: noticed here; what follows is each one's own task (`workers.deploy.remove`).

A pull that has seen all of a repo's stacks marks those of its records that are none of them. Nothing is gone because
a fetch failed or a branch was deleted: then nobody has seen the stack missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from workers.adapters.state.clock import now
from workers.adapters.state.marks import Removed
from workers.deploy.remove import Gone
from workers.deploy.take_down import policy_of
from workers.model.errors import UnknownName
from workers.services import Services


def gone_from(services: Services, repo: str, heads: Mapping[str, str], here: Collection[str]) -> tuple[Gone, ...]:
    """What this worker has deployed from a repo, and what is none of its stacks any more.

    Args:
        services: the process's.
        repo: the repo, whose stacks have just been discovered.
        heads: the refs that were seen: of any other, nobody knows what is in it.
        here: the ids of the stacks that were found.
    """
    catalog = services.catalog.current()

    def is_missed(stack: str, known: str) -> bool:
        environment = stack.partition("/")[0]
        seen = environment not in catalog.environments or catalog.ref(repo, environment) in heads
        return known == repo and seen

    return _gone(services, set(services.state.records.known()) - {*here}, is_missed)


def gone_without_pull(services: Services, pulled: Collection[str]) -> tuple[Gone, ...]:
    """What this worker has deployed from repos that are gone from the catalog, or that have nothing here any more."""
    return _gone(services, services.state.records.known(), lambda _, repo: repo not in pulled)


def _gone(services: Services, stacks: Iterable[str], is_missed: Callable[[str, str], bool]) -> tuple[Gone, ...]:
    state = services.state
    found = []
    # Most are stacks still, of whichever repo: their records, of which there may be thousands, are not read.
    missing = sorted({*stacks} - {stack.id for stack in services.stacks.all()})
    for stack, record in state.records.get_many(missing).items():
        repo = record.repo if record else None
        if repo is None or not is_missed(stack, repo) or not state.journal.exists(stack):
            continue
        with suppress(UnknownName):
            services.stacks.find(stack)
            continue
        journal = state.journal.load(stack)
        if journal.heir and state.journal.load(journal.heir).carried:
            continue  # it goes on under another name
        if journal.left is None:  # else it is the other worker's
            policy = policy_of(services, stack, journal, state.records.status(stack).removed)
            found.append(Gone(stack, policy, "gone from the catalog or its repository"))
    return tuple(found)


def mark_gone(services: Services, gone: Iterable[Gone]) -> tuple[Gone, ...]:
    """Note that these stacks are gone; those for which something has to be done or told."""
    records, catalog = services.state.records, services.catalog.current()
    wanted = []
    for each in gone:
        mark = before = records.status(each.stack).removed
        if mark is None:
            mark = Removed(each.why, at=now())
        if each.policy == catalog.removal_in(each.stack.partition("/")[0]) and not mark.by_default:
            mark = replace(mark, by_default=True)  # from now on, what the defaults say counts
        if mark != before:
            records.set_status(each.stack, removed=mark)
        if mark.forget or not mark.is_settled(each.policy):
            wanted.append(each)
    return tuple(wanted)
