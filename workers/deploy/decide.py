"""The decision about one stack at one commit, from what its clone and its host hold."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from workers.adapters.git.joined import JoinedTree
from workers.changes.decision import decide
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Outside, Tree
from workers.model.errors import UnknownName
from workers.model.refs import same_format
from workers.model.stack import Stack
from workers.model.words import Decision
from workers.services import Services

if TYPE_CHECKING:
    from workers.adapters.git import GitTree


def decide_at(
    services: Services,
    stack: Stack,
    commit: str,
    snapshot: Snapshot | None,
    *,
    origin: str | None = None,
    outside: Outside | None = None,
    force: bool = False,
    asks_engine: bool = False,
) -> tuple[Decision, Snapshot | None]:
    """What a stack needs at a commit, and what it is made of there (None: that is invalid).

    Args:
        services: for the clone and the key.
        stack: the stack.
        commit: the commit.
        snapshot: of what is deployed; None for nothing.
        origin: the repo that it was deployed from; the stack's own by default.
        outside: the stack's host, instead of as it is.
        force: recreate every service.
        asks_engine: whether a deployment follows, which asks the engine what volumes hold.

    Raises:
        UnknownName: there is no such commit.
    """
    clone = services.clone(stack.repo)
    recorded: Tree | None = None
    if snapshot is not None and snapshot.commit != commit:
        with suppress(UnknownName):  # a rewritten history; the record alone will do
            recorded = clone.tree(clone.resolve(snapshot.commit))
    outside = outside or services.outside(stack)
    tree = tree_for(services, stack, commit, snapshot, origin)
    return decide(stack, snapshot, tree, outside, services.key, force=force, recorded=recorded, asks_engine=asks_engine)


def tree_for(services: Services, stack: Stack, commit: str, snapshot: Snapshot | None, origin: str | None) -> Tree:
    """A commit to compare with what is deployed, whose objects may be another repo's.

    Args:
        services: for the clones.
        stack: the stack.
        commit: of its repo.
        snapshot: of what is deployed; None for nothing.
        origin: the repo that it was deployed from, where that is known.

    Raises:
        UnknownName: there is no such commit.
    """
    tree = services.clone(stack.repo).tree(commit)
    is_from_here = snapshot is None or origin in {None, stack.repo}
    if snapshot is None or (is_from_here and same_format(snapshot.commit, commit)):
        return tree
    former: GitTree | None = None
    with suppress(UnknownName):  # the repo is gone from the catalog, or the commit from the repo
        former = services.clone(str(origin)).tree(snapshot.commit)
    return JoinedTree(tree, former)
