"""What the next pull would do, and what is known of a stack: nothing here changes one."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from workers.adapters.state.refused import Refusal
from workers.catalog import Catalog
from workers.catalog.places import Place, replaced
from workers.catalog.stacks import Found, Planned
from workers.changes.closure import take_snapshot
from workers.changes.decision import undecided
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Tree
from workers.changes.unwritten import Unwritten
from workers.commands.diff import PathDifference, difference, differences, is_masked, secret_paths
from workers.commands.plan_renames import with_renames
from workers.deploy.foresee import foresee
from workers.deploy.known import find_known
from workers.deploy.sight import Sight
from workers.model.errors import GitUnavailable, TeguError, UnknownName, UsageError
from workers.model.refs import no_ref
from workers.model.stack import Stack, matching
from workers.model.words import Action, Decision, Reason
from workers.services import Services, known_repo


def plan(services: Services, repo: str | None = None, *, fetch: bool = True, surveys: bool = False) -> list[Decision]:
    """What the next pull would decide for this worker's stacks, in the order of ids; `blocked`: it cannot be read.

    Args:
        services: of this process.
        repo: only this one's.
        fetch: bring the clone up to date first.
        surveys: ask the engine, too, for what would end a deployment before it touches anything.

    Raises:
        GitUnavailable: when there is no clone yet and the server does not answer.
        RedisUnavailable: when the records cannot be read.
    """
    catalog = services.catalog.current()
    names = [known_repo(catalog, repo).name] if repo else list(catalog.repos)
    known = services.state.discovered.all()
    decisions: list[Decision] = []
    planned: list[Planned] = []
    unseen: set[tuple[str, str]] = set()
    for name in names:
        try:
            found, _ = found_in(services, catalog, name, known, fetch=fetch)
        except GitUnavailable as error:
            away = [undecided(stack.id, None, error) for stack in _known_stacks(services, name)]
            if not away or len(names) == 1:
                raise
            decisions += away
            unseen |= {(name, each) for each in catalog.environments}
            continue
        known = replaced(known, name, found.environments, found.discovered)
        decisions += _decide(services, found, surveys=surveys)
        planned += found.planned
        unseen |= {(name, each) for each in catalog.environments if catalog.ref(name, each) in found.missing}
    if repo is None:
        here = {decision.stack for decision in decisions}
        gone = _gone(services, catalog, here, unseen)
        decisions = with_renames(services, planned, decisions, gone)
    # A stack, and then whatever else would have its name.
    return sorted(decisions, key=lambda each: (each.stack, each.reason is Reason.INVALID))


def _known_stacks(services: Services, repo: str) -> Iterator[Stack]:
    return (stack for stack in services.stacks.all(repo=repo) if stack.worker == services.settings.worker)


def _decide(services: Services, found: Found, *, surveys: bool) -> Iterator[Decision]:
    for invalid in (*found.invalid, *found.rivals):
        yield Decision(invalid.stack, Action.NONE, Reason.INVALID, invalid.commit, message=invalid.message)
    yield from foresee(services, found.planned, surveys=surveys)


def _gone(
    services: Services, catalog: Catalog, here: Collection[str], unseen: Collection[tuple[str, str]]
) -> Iterator[str]:
    """Stacks of this worker that are deployed, but neither in the catalog nor in a repository any more.

    Args:
        services: of this process.
        catalog: the catalog.
        here: the stacks that were found.
        unseen: repos and environments whose ref is not there: nobody knows what would be in it.
    """
    worker = services.settings.worker
    for stack, record in services.state.records.get_many(services.state.records.known()).items():
        name = stack.partition("/")[0]
        environment = catalog.environments.get(name)
        # Of an environment that has left the catalog the record knows who had it.
        has_it = environment.worker if environment else record and (record.worker or worker)
        if record and stack not in here and has_it == worker and (record.repo, name) not in unseen:
            yield stack


def found_in(
    services: Services, catalog: Catalog, repo: str, known: Mapping[str, Place], *, fetch: bool
) -> tuple[Found, TeguError | None]:
    """The stacks of a repo on this worker at the newest commits, and why these may be old (None if they are not).

    Args:
        services: of this process.
        catalog: the catalog.
        repo: the repo.
        known: what has been discovered so far, in any repo.
        fetch: bring the clone up to date first.

    Raises:
        GitUnavailable: when there is no clone yet and the server does not answer.
        UsageError: when the clone belongs to another user.
    """
    clone = services.clone(repo)
    worker = services.settings.worker
    refs = catalog.refs(repo, worker)
    heads = clone.heads(refs)
    stale: TeguError | None = None
    if fetch or not heads:
        try:
            _check_owner(clone.path)
            heads = clone.fetch(refs)
        except (GitUnavailable, UsageError) as error:
            if not heads:
                raise
            stale = error
    return services.stacks.at(repo, worker, heads, known), stale


def _check_owner(path: Path) -> None:
    """A file that another user leaves in the clone would stop the worker from fetching."""
    while not path.exists() and path != path.parent:
        path = path.parent
    if path.stat().st_uid != os.geteuid() and os.geteuid() == 0:
        message = f"{path} belongs to another user; run this as the user of the worker"
        raise UsageError(message)


# ---------------------------------------------------------------- one stack


def newest(services: Services, stack: Stack) -> Planned:
    """The stack at the newest commit that is known here.

    Raises:
        UnknownName: when its ref has never been fetched.
    """
    commit = services.clone(stack.repo).newest(stack.ref)
    if commit is None:
        message = f"{no_ref(stack.repo, stack.ref)}; `tegu pull {stack.repo}` looks for it"
        raise UnknownName(message)
    return Planned(stack, commit)


def stack_difference(services: Services, stack: Stack) -> dict[str, Any]:
    """What differs between what is deployed of a stack and the newest commit.

    Returns:
        `{"stack", "from", "to", "files": [{"path", "old", "new", "diff"}], "inputs": [name]}`.

    Raises:
        InvalidStack: when the newest commit cannot be read.
    """
    planned = newest(services, stack)
    record = services.state.records.get(stack.id)
    before = record.snapshot if record else None
    tree = Sight(services, stack).tree_beside(record, planned.commit)
    host = services.outside(stack)
    seen = Unwritten(host, before, tree) if before else host
    after = take_snapshot(stack, tree, seen, services.key, record=before)
    found = differences(before, after, tree) if before else _everything(after, tree)
    files = [
        {
            "path": each.path,
            "old": each.old.oid if each.old else None,
            "new": each.new.oid if each.new else None,
            "diff": "\n".join(each.lines),
        }
        for each in found
    ]
    names = {**(before.inputs if before else {}), **after.inputs}
    inputs = [name for name in sorted(names) if before and before.inputs.get(name) != after.inputs.get(name)]
    outside = {**(before.outside if before else {}), **after.outside}
    inputs += [
        f"file:{path}" for path in sorted(outside) if before and before.outside.get(path) != after.outside.get(path)
    ]
    return {
        "stack": stack.id,
        "from": before.commit if before else None,
        "to": planned.commit,
        "files": files,
        "inputs": inputs,
    }


def _everything(snapshot: Snapshot, tree: Tree) -> Iterator[PathDifference]:
    """A first deployment: every file is new."""
    secrets = secret_paths(snapshot)
    for path, entry in sorted(snapshot.files(tree).items()):
        yield difference(path, None, entry, tree, masked=is_masked(path, secrets))


def explain_named(services: Services, name: str) -> Mapping[str, object]:
    """The same by name, also of what is gone, and of what a pull has found that cannot be a stack.

    Raises:
        UnknownName: nothing is known of it.
    """
    try:
        return explain(services, find_known(services, name))
    except UnknownName:
        refused = services.state.refused.all()
        found = matching(name, refused)
        if len(found) != 1:
            raise
        return _explain_refused(services, found[0], refused[found[0]])


def _explain_refused(services: Services, identifier: str, refusal: Refusal) -> Mapping[str, object]:
    catalog, name = services.catalog.current(), identifier.partition("/")[0]
    (row,) = services.state.rows([identifier])
    if refusal.repo not in catalog.repos or name not in catalog.environments:
        message = f"there is no stack {identifier} any more"
        raise UnknownName(message)
    environment = catalog.environments[name]
    return row | {
        "repo": refusal.repo,
        "path": None,
        "ref": catalog.ref(refusal.repo, name),
        "worker": environment.worker,
        "docker_host": environment.docker_host,
        "project": None,
        "options": [],
        "closure": {},
        "why": refusal.why,
    }


def explain(services: Services, stack: Stack) -> Mapping[str, object]:
    """Everything there is to say about a stack: what it is, how it stands, and why the last decision came out so."""
    (row,) = services.state.rows([stack.id])
    record = services.state.records.get(stack.id)
    return row | {
        "repo": stack.repo,
        "path": stack.path,
        "ref": stack.ref,
        "worker": stack.worker,
        "docker_host": stack.docker_host,
        "project": stack.project,
        "options": sorted(name for name in stack.options.__slots__ if _is_set(stack, name)),
        "renamed_from": record.renamed_from if record else None,
        "closure": _closure(record.snapshot) if record else {},
    }


def _is_set(stack: Stack, name: str) -> bool:
    return bool(getattr(stack.options, name) != getattr(type(stack.options)(), name))


def _closure(known: Snapshot) -> Mapping[str, object]:
    """The recorded closure as far as people ask for it; digests of inputs stay out."""
    return {
        "paths": {path: entry.oid if entry else None for path, entry in sorted(known.entries.items())},
        "outside": list(known.outside_paths),
        "host_paths": list(known.host_paths),
        "inputs": sorted(known.inputs),
        "unset": list(known.unset),
    }
