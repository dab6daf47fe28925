"""What counts as deployed in tests, without a deployment."""

from __future__ import annotations

from typing import Any

from workers.adapters.state.deployed import Deployed
from workers.changes.closure import take_snapshot
from workers.changes.snapshot import RULES, Snapshot
from workers.model.stack import Stack
from workers.services import Services


def a_snapshot(commit: str = "c1", path: str = "a") -> Snapshot:
    """One of nothing."""
    return Snapshot(commit, path, RULES, {}, {}, {}, {}, {}, {}, {}, {}, {})


def a_record(commit: str = "c1", *, path: str = "a", fingerprint: str = "f1", **fields: Any) -> Deployed:
    """A record of a stack without content."""
    return Deployed(a_snapshot(commit, path), fingerprint, **fields)


def record_at(services: Services, stack: Stack, commit: str, **fields: Any) -> Deployed:
    """A record of a stack as its repository has it at a commit."""
    tree = services.clone(stack.repo).tree(commit)
    snapshot = take_snapshot(stack, tree, services.outside(stack), services.key)
    return Deployed(snapshot, snapshot.fingerprint, **fields)
