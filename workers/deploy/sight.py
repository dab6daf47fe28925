"""What decisions look at besides what was observed: Git's objects and the files of the stack's host."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.adapters.git.joined import JoinedTree
from workers.adapters.state.deployed import Deployed
from workers.changes.closure import take_snapshot
from workers.changes.decision import decide
from workers.changes.snapshot import Snapshot
from workers.changes.trace import is_there
from workers.changes.tree import Outside, Tree
from workers.deploy.containers.provenance import IsNamed, named_at
from workers.model.errors import InvalidStack, UnknownName
from workers.model.refs import same_format
from workers.model.stack import Stack
from workers.model.words import Decision
from workers.services import Services

if TYPE_CHECKING:
    from workers.adapters.git import GitTree


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit asks for, and what the stack is made of there (None: it is invalid)."""

    decision: Decision
    snapshot: Snapshot | None


class Sight:
    """What can be seen of a stack's content at any commit.

    Args:
        services: for the clones and the key.
        stack: the stack.
        outside: its host, instead of as it is.
    """

    def __init__(self, services: Services, stack: Stack, outside: Outside | None = None) -> None:
        self._services = services
        self._stack = stack
        self._clone = services.clone(stack.repo)
        self._outside = outside or services.outside(stack)

    def newest(self) -> str | None:
        """The newest known commit of the stack's ref; None when there is none."""
        return self._clone.newest(self._stack.ref)

    def resolve(self, revision: str) -> str:
        """A commit in full.

        Raises:
            UnknownName: there is none.
        """
        return self._clone.resolve(revision)

    def tree(self, commit: str) -> GitTree:
        """What a commit holds.

        Raises:
            UnknownName: there is no such commit.
        """
        return self._clone.tree(commit)

    def has_folder(self, commit: str) -> bool:
        """Whether the stack's folder is there at a commit. Raises as `tree` does."""
        return is_there(self.tree(commit), self._stack.path)

    def folder(self, commit: str) -> str:
        """The object id of what lies where the stack's folder is at a commit; empty for nothing."""
        entry = self.tree(commit).entry(self._stack.path)
        return entry.oid if entry else ""

    def content(self, commit: str) -> str:
        """What tells the content of the stack at a commit from that at others."""
        try:
            return take_snapshot(self._stack, self.tree(commit), self._outside, self._services.key).fingerprint
        except (InvalidStack, UnknownName):
            return commit

    def compare(
        self, record: Deployed | None, commit: str, *, force: bool = False, asks_engine: bool = False
    ) -> Change:
        """What the stack needs at a commit.

        Args:
            record: what is deployed; None for nothing.
            commit: the commit.
            force: recreate every service.
            asks_engine: whether a deployment follows, which asks the engine what volumes hold.

        Raises:
            UnknownName: there is no such commit.
        """
        snapshot = record.snapshot if record else None
        recorded: Tree | None = None
        if snapshot is not None and snapshot.commit != commit:
            with suppress(UnknownName):  # a rewritten history; the record alone will do
                recorded = self.tree(self.resolve(snapshot.commit))
        found = decide(
            self._stack,
            snapshot,
            self.tree_beside(record, commit),
            self._outside,
            self._services.key,
            force=force,
            recorded=recorded,
            asks_engine=asks_engine,
        )
        return Change(*found)

    def is_named(self, snapshot: Snapshot) -> IsNamed:
        """Whether a snapshot names an image for a service."""
        return named_at(snapshot, self._services.key)

    def tree_beside(self, record: Deployed | None, commit: str) -> Tree:
        """A commit to compare with what is deployed, whose objects may be another repo's.

        Raises:
            UnknownName: there is no such commit.
        """
        tree, stack = self.tree(commit), self._stack
        if record is None or (record.repo_of(stack) == stack.repo and same_format(record.commit, commit)):
            return tree
        former: GitTree | None = None
        with suppress(UnknownName):  # the repo is gone from the catalog, or the commit from the repo
            former = self._services.clone(record.repo_of(stack)).tree(record.commit)
        return JoinedTree(tree, former)
