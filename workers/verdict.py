"""The decision about one stack at one commit, from what its clone and its host hold."""

from __future__ import annotations

from contextlib import suppress

from workers.changes.decision import decide
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Outside, Tree
from workers.errors import UnknownName
from workers.model import Decision, Stack
from workers.services import Services


def decide_at(
    services: Services,
    stack: Stack,
    commit: str,
    snapshot: Snapshot | None,
    *,
    outside: Outside | None = None,
    force: bool = False,
) -> tuple[Decision, Snapshot | None]:
    """What a stack needs at a commit, and what it is made of there (None: that is invalid).

    Args:
        services: for the clone and the key.
        stack: the stack.
        commit: the commit.
        snapshot: of what is deployed; None for nothing.
        outside: the stack's host, instead of as it is.
        force: recreate every service.

    Raises:
        UnknownName: there is no such commit.
    """
    clone = services.clone(stack.repo)
    recorded: Tree | None = None
    if snapshot is not None and snapshot.commit != commit:
        with suppress(UnknownName):  # a rewritten history; the record alone will do
            recorded = clone.tree(clone.resolve(snapshot.commit))
    outside = outside or services.outside(stack)
    return decide(stack, snapshot, clone.tree(commit), outside, services.key, force=force, recorded=recorded)
