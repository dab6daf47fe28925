"""What to do with a stack at a commit: pure, explainable, and for an unchanged stack a few lookups."""

from __future__ import annotations

from workers.changes.snapshot import Snapshot
from workers.changes.tree import Outside, Tree
from workers.model import Decision, Stack


def is_unchanged(stack: Stack, record: Snapshot, tree: Tree, outside: Outside, key: bytes) -> bool:
    """Whether nothing that reaches the stack differs from the record; lookups only, nothing is parsed."""
    raise NotImplementedError


def decide(
    stack: Stack,
    record: Snapshot | None,
    tree: Tree,
    outside: Outside,
    key: bytes,
    *,
    force: bool = False,
    recorded: Tree | None = None,
) -> tuple[Decision, Snapshot | None]:
    """The decision and the snapshot of the new commit (None when it is invalid). Never raises `InvalidStack`.

    Args:
        stack: the stack with its effective options.
        record: what is deployed; None for nothing.
        tree: the commit to decide about.
        outside: the worker's host.
        key: for the keyed digests.
        force: every service is recreated.
        recorded: the record's own commit, where it still is there; used to make the record again under newer rules,
            and to tell which new paths of the closure really changed.
    """
    raise NotImplementedError
