"""In which order the stacks of a run are deployed: what `after` means among those that have something to do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

from workers.model.stack import Stack


def predecessors(stacks: Iterable[Stack], active: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What each stack has to wait for, and each stack behind all that it waits for.

    A stack that needs nothing holds nobody back, but it hands on what it comes after itself: whoever comes after it
    comes after those, too. A stack that the run has nothing to do with is no part of the order.

    Args:
        stacks: all of the run.
        active: the ids of those with something to do, and of those that cannot be looked at.
    """
    known = {stack.id: stack for stack in stacks}
    waits = {identifier: _behind(known[identifier], known, active) for identifier in active if identifier in known}
    with suppress(CycleError):  # the catalog refuses what is in it; among discovered stacks nobody is first
        waits = {
            identifier: waits[identifier]
            for identifier in TopologicalSorter(waits).static_order()
            if identifier in waits
        }
    return waits


def with_makers_of_way(
    waits: Mapping[str, tuple[str, ...]], makers: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The same order, with those who have to make way; a wish that would close a circle is left out.

    Args:
        waits: as `predecessors` gives it.
        makers: for some of the stacks, others that have to make way. Those that are not in `waits` come first anyway.
    """
    merged = dict(waits)
    for stack, others in makers.items():
        for other in others:
            if stack in merged and not _leads_to(merged, other, stack):
                merged[stack] = tuple(dict.fromkeys((*merged[stack], other)))
    with suppress(CycleError):
        merged = {stack: merged[stack] for stack in TopologicalSorter(merged).static_order() if stack in merged}
    return merged


def _leads_to(waits: Mapping[str, tuple[str, ...]], start: str, goal: str) -> bool:
    """Whether one waits for another, directly or by way of others."""
    seen, pending = set[str](), [start]
    while pending:
        one = pending.pop()
        if one == goal:
            return True
        if one not in seen:
            seen.add(one)
            pending += waits.get(one, ())
    return False


def _behind(stack: Stack, known: Mapping[str, Stack], active: Collection[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen: set[str] = set()
    pending = [stack]
    while pending:
        one = pending.pop()
        for name in one.options.after:
            other = f"{one.environment}/{name}"
            if other in active:
                found[other] = None
            elif other in known and other not in seen:
                seen.add(other)
                pending.append(known[other])
    return tuple(found)
