"""The quick look at one stack: either it needs nothing, which is told in two round trips, or it is handed over.

It takes no lock and reads files of no stack. Whatever is not plainly unchanged is for the deployment, which
looks again under the stack's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.adapters.state.fast_path import Look
from workers.adapters.state.results import StackResult
from workers.changes.decision import is_unchanged
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Tree
from workers.deploy.files.layout import Folders
from workers.model.errors import UnknownName
from workers.model.refs import same_format
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services


@dataclass(frozen=True, slots=True)
class HandOver:
    """A stack that is for the deployment queue of its worker; `runs` wait for it."""

    stack: str
    worker: str
    runs: tuple[str, ...]


def decide_quickly(
    services: Services, stack_id: str, run: str | None, force: bool, taker: str
) -> StackResult | HandOver:
    """Look at one stack.

    The runs are taken before the newest commit is read: a push that comes in between is seen, and one that comes
    later finds nobody waiting and publishes a task of its own.

    Args:
        services: the process's.
        stack_id: the stack, in full.
        run: the run that the message came from.
        force: every service is to be recreated.
        taker: the task's id; a second delivery gets the runs that its first one took.

    Returns:
        What has become of the stack when its part in all waiting runs is over, else what to hand over.
    """
    look = services.state.quick.look(stack_id, taker)
    if not look.runs:
        return StackResult(stack_id, Action.NONE, Reason.SUPERSEDED, Outcome.SUPERSEDED)
    try:
        stack = services.stacks.find(stack_id, remembered=True)
    except UnknownName as error:
        removed = StackResult(stack_id, Action.NONE, Reason.REMOVED, Outcome.REMOVED, message=str(error))
        services.state.runs.finish(look.runs, removed)
        return removed
    if force or stack.worker != services.settings.worker or _is_asked_for(services, look.runs, run):
        return HandOver(stack_id, stack.worker, look.runs)
    commit = unchanged_at(services, stack, look)
    if commit is None:
        return HandOver(stack_id, stack.worker, look.runs)
    decision = Decision(stack_id, Action.NONE, Reason.UNCHANGED, commit)
    return services.state.quick.finish_unchanged(look.runs, decision)


def unchanged_at(services: Services, stack: Stack, look: Look) -> str | None:
    """The newest commit, if the stack needs nothing there; None when somebody has to look closely."""
    fields = look.facts.fields
    if look.record is None or look.facts.leased or fields.get("drift") or fields.get("removed"):
        return None
    if look.facts.pin and not look.facts.pin.get("reached"):
        return None
    if Folders.of(services.settings.data_dir, stack).unfinished:
        return None
    clone = services.clone(stack.repo)
    commit = clone.newest(stack.ref)
    if commit is None or not is_as_recorded(services, stack, look.record, clone.tree(commit)):
        return None
    return commit


def is_as_recorded(services: Services, stack: Stack, record: Mapping[str, Any], tree: Tree) -> bool:
    """Whether what is deployed is what the tree holds."""
    if record.get("repo", stack.repo) != stack.repo:
        return False  # objects that would have to be opened may be in another clone
    snapshot = Snapshot.from_json(record["snapshot"])
    if not same_format(snapshot.commit, tree.commit):
        return False  # and here they are nowhere
    if (record.get("project", stack.project), snapshot.path) != (stack.project, stack.path):
        return False
    if (record.get("docker_host", stack.docker_host), record.get("worker", stack.worker)) != (
        stack.docker_host,
        stack.worker,
    ):
        return False
    return is_unchanged(stack, snapshot, tree, services.outside(stack), services.key)


def _is_asked_for(services: Services, runs: tuple[str, ...], run: str | None) -> bool:
    """Whether any run but the message's own, which a pull has published, was started by somebody."""
    return any(head.is_asked_for for head in services.state.runs.heads(other for other in runs if other != run))
