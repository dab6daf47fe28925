"""Whether a stack that was never deployed goes on with one that is gone.

A folder, an entry or an environment has another name, and it is the same application. Nothing is written here.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from workers.adapters.state.deployed import Deployed, host_of
from workers.adapters.state.heirs import Heir
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import Adoption
from workers.changes.comparison import is_same_closure
from workers.changes.decision import is_same_outside
from workers.changes.inputs import DIRECTORY, current_inputs
from workers.changes.rebase import rebased
from workers.changes.snapshot import RULES, Snapshot
from workers.changes.tree import Tree
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import load_manifest
from workers.deploy.take_down import policy_of, stack_of
from workers.model.errors import EngineUnavailable
from workers.model.stack import Stack, live_directory
from workers.services import Services


@dataclass(frozen=True, slots=True)
class Heritage:
    """What a stack goes on with, or seems to.

    Attributes:
        sources: the ids of stacks that are gone, or the one that somebody has named.
        goes_on: whether it goes on with it: that is sure, or somebody has said so.
        obstacle: why it cannot; empty for nothing.
        project: the source's Compose project.
    """

    sources: tuple[str, ...]
    goes_on: bool = False
    obstacle: str = ""
    project: str = ""


def find_heritage(
    services: Services, stack: Stack, journal: JournalEntry, adoption: Adoption | None
) -> Heritage | None:
    """What a stack of which nothing is deployed goes on with; None for nothing.

    Args:
        services: the process's.
        stack: the stack.
        journal: what this host knows of it.
        adoption: what somebody has decided.
    """
    if journal.carried is not None:
        return Heritage((journal.carried[0],), goes_on=True)
    if adoption is not None and adoption.source is None:
        return None
    tenant = _tenant(services.settings.data_dir, stack)
    if tenant:
        return Heritage((), obstacle=f"its directory is that of {tenant}, which had its name; give it another name")
    heir = Heir((adoption.source,)) if adoption and adoption.source else services.state.heirs.get(stack.id)
    if heir is None:
        return None
    return _judged(services, stack, heir, ordered=adoption is not None)


def _judged(services: Services, stack: Stack, heir: Heir, *, ordered: bool) -> Heritage | None:
    state = services.state
    records = state.records.get_many(heir.sources)
    known = {each: record for each in heir.sources if (record := state.journal.load(each).record or records[each])}
    if not known:
        return Heritage(heir.sources, obstacle="nothing of it was ever deployed by this worker") if ordered else None
    source, record = next(iter(known.items()))
    heritage = Heritage(tuple(known), project=record.project or "")
    if len(known) > 1 or not (ordered or heir.is_same):
        return heritage
    why_not = obstacle(services, stack, source, record)
    if why_not:
        return replace(heritage, obstacle=why_not)
    return replace(heritage, goes_on=True)


def obstacle(services: Services, stack: Stack, source: str, record: Deployed) -> str:
    """Why a stack cannot go on with what another one has; empty where it can.

    Args:
        services: the process's.
        stack: the stack.
        source: the other one.
        record: what is deployed of that.
    """
    if services.state.records.status(source).removed is None:
        return f"{source} is not gone"
    home = record.home(stack)
    journal = services.state.journal.load(source)
    if (home.worker, home.docker_host) != (stack.worker, stack.docker_host) or journal.record is None:
        return f"{source} was deployed on another host: worker {home.worker}, {home.docker_host}"
    if record.repo_of(stack) != stack.repo:
        return f"{source} was deployed from another repo: {record.repo}"
    if journal.intent is not None:
        return f"a deployment of {source} was interrupted; bring {source} back for a moment, and it is put right"
    if journal.pin is not None or services.state.pins.get(source):
        return f"{source} is rolled back; `tegu resume` ends that once it is back"
    return _in_the_way(services, stack, source, record)


def _in_the_way(services: Services, stack: Stack, source: str, record: Deployed) -> str:
    """What of the two folders keeps one from going on with the other; empty for nothing."""
    old, new = Path(record.path), Path(stack.path)
    if old != new and (old.is_relative_to(new) or new.is_relative_to(old)):
        return f"one of their folders lies in the other: {record.path or '.'}, {stack.path or '.'}"
    own = services.settings.data_dir / "stacks" / stack.id
    root = Path(live_directory(services.settings.data_dir, source))
    taken = [each for each in ((own,) if own != root else ()) if not each.is_symlink() and _has_something(each)]
    if old != new and not (root / old).is_symlink() and _has_something(root / new):
        taken.append(root / new)
    return f"{taken[0]} is in the way of what {source} has; move it away" if taken else ""


def _has_something(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def is_same(services: Services, stack: Stack, source: str, record: Deployed, commit: str) -> bool:
    """Whether a stack is made at a commit of just what is deployed of another one, so that nothing has to be done.

    Where the folder has another name, what is outside Git has to be the same, too: only then is it known what the
    definitions were made of. A path that leads out of the folder means the same only beside it.

    Args:
        services: the process's.
        stack: the stack.
        source: the other one.
        record: what is deployed of that.
        commit: the commit.
    """
    known = record.snapshot
    if known.rules != RULES or record.project is None or not keeps_project(services, stack, record):
        return False
    if posixpath.dirname(known.path) != posixpath.dirname(stack.path):
        return False
    if not is_same_closure(rebased(known, stack.path), services.clone(stack.repo).tree(commit)):
        return False
    if known.path == stack.path:
        return True
    there = replace(stack, project=record.project)
    inputs = current_inputs(there, services.outside(stack), services.key, tuple(known.inputs))
    before = {name: digest for name, digest in known.inputs.items() if name != DIRECTORY}
    inputs.pop(DIRECTORY, None)  # its own is another one until it is carried over
    return inputs == before and is_same_outside(known, services.outside(stack_of(source, record)), services.key)


def is_replaced(services: Services, stack: Stack, source: str, record: Deployed) -> bool:
    """Whether a stack takes the place of one that is gone rather than go on with it.

    What is gone is to be taken down, the new one would have another project, and there is nothing to lose: not even an
    anonymous volume. Then everybody gets what the catalog says, for the price of a restart.

    Args:
        services: the process's.
        stack: the stack.
        source: the other one.
        record: what is deployed of that.
    """
    journal, mark = services.state.journal.load(source), services.state.records.status(source).removed
    if stack.project == record.project or policy_of(services, source, journal, mark) != "down":
        return False
    return not (has_data(services, source, record) or _has_volumes(services, stack, record))


def _has_volumes(services: Services, stack: Stack, record: Deployed) -> bool:
    engine = services.containers(host_of(stack, record))
    try:
        return any(each.volumes for each in engine.details(engine.containers(record.project)))
    except EngineUnavailable:
        return True  # nobody knows


def keeps_project(services: Services, stack: Stack, record: Deployed) -> bool:
    """Whether a stack may have the project of another: it has the same, or nothing but its name says another one."""
    return stack.project == record.project or stack.id not in services.catalog.current().by_id


def is_alike(known: Snapshot, new: Snapshot, tree: Tree) -> bool:
    """Whether one may be the other, changed: names of services and volumes are the same, or most of the files.

    Args:
        known: what is deployed of a stack that is gone.
        new: what one that was never deployed is made of.
        tree: the commit that this is from.
    """
    if known.services.keys() == new.services.keys() and known.volumes.keys() == new.volumes.keys():
        images = {name: each.image for name, each in new.services.items() if each.image}
        if known.volumes or any(known.services[name].image == image for name, image in images.items()):
            return True
    entries = {path: entry for path, entry in rebased(known, new.path).entries.items() if entry is not None}
    same = sum(tree.entry(path) == entry for path, entry in entries.items())
    return bool(entries) and 2 * same >= len(entries)


def has_data(services: Services, source: str, record: Deployed) -> bool:
    """Whether a stack that is gone has something that one which begins anew would lack: volumes, files of its own."""
    if record.snapshot.volumes:
        return True
    folders = Folders.of(services.settings.data_dir, stack_of(source, record))
    written = load_manifest(folders.manifest)
    return any(_unwritten(folders.live, written))


def _unwritten(live: Path, written: Mapping[str, object]) -> list[str]:
    """The first file below a directory that Tegu has not written."""
    for folder, _, files in os.walk(live):
        for name in files:
            path = os.path.relpath(Path(folder, name), live)
            if path not in written:
                return [path]
    return []


def _tenant(data_dir: Path, stack: Stack) -> str:
    """The stack that was carried over from this one's name and has its directory; empty for nobody."""
    own = data_dir / "stacks" / stack.id
    if own.is_symlink() or not own.is_dir():
        return ""
    for environment in sorted(each for each in (data_dir / "stacks").iterdir() if each.is_dir()):
        with os.scandir(environment) as entries:
            for each in entries:
                if each.is_symlink() and live_directory(data_dir, f"{environment.name}/{each.name}") == str(own):
                    return f"{environment.name}/{each.name}"
    return ""
