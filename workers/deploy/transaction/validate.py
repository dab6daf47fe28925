"""The model of the staged files, as Compose resolves it: from Compose, or where that is known from what it said last.

`docker compose config` costs half the processor time of an `up`. So what it made of a stack's files is kept, with
all that it was given; while only plain values of the one Compose file differ from that, its answer is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from workers.adapters.docker.compose_argv import prefix
from workers.adapters.docker.compose_project import Project
from workers.changes.plain_values import model_of
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.transaction.ground import Ground
from workers.model.words import Entry


def validated(
    ground: Ground, snapshot: Snapshot, new: Mapping[str, Entry], private: Iterable[str]
) -> tuple[compose_model.Model, str]:
    """The model of what lies in the stage, and what Compose warned of.

    Args:
        ground: what the deployment stands on.
        snapshot: what is staged.
        new: its files.
        private: as `Compose.config` takes it.

    Raises:
        InvalidStack: when Compose refuses the files.
    """
    compose, project, stage = ground.tools.compose, ground.staged, ground.folders.stage
    text = _text(project, stage)
    beside = _beside(compose.program, project, stage, snapshot, new) if text is not None else None
    kept = compose.kept.get(str(stage))
    if text is not None and kept is not None and kept.beside == beside:
        model = model_of(text, kept.text, kept.model())
        if model is not None:
            return model, kept.said
    model, said = compose.config(project, private=private, pass_fds=(ground.tools.lock,))
    if text is not None and beside is not None:
        compose.kept.keep(str(stage), beside, text, model, said)
    return model, said


def _text(project: Project, stage: Path) -> str | None:
    """The one Compose file of a project; None where there are more, or it lies elsewhere."""
    if len(project.files) != 1 or not Path(project.files[0]).is_relative_to(stage):
        return None
    try:
        return Path(project.files[0]).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None  # which Compose says better


def _beside(
    program: tuple[str, ...], project: Project, stage: Path, snapshot: Snapshot, new: Mapping[str, Entry]
) -> str | None:
    """A digest of all that Compose is given beside that file; None where not all of it is known."""
    if len(program) != 1 or not Path(program[0]).is_absolute():
        return None  # whichever `docker compose` stands for
    release = Path(program[0]).stat()
    given = [
        [release.st_ino, release.st_size, release.st_mtime_ns],
        prefix(project, program),
        sorted(project.environment.items()),
        sorted(_files(snapshot, new)),
        [[path, _digest(stage / path)] for path in sorted(snapshot.outside)],
    ]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()


def _files(snapshot: Snapshot, new: Mapping[str, Entry]) -> Iterator[tuple[str, int, str]]:
    """What counts of the files: but the presence of the Compose file, and of what is only mounted or built from."""
    made_of = snapshot.made_of
    contents = {path for each in snapshot.services.values() for path in each.content}
    for path, entry in new.items():
        is_content = path not in made_of and any(each in contents for each in _and_above(path))
        yield path, entry.mode, "" if is_content or path == snapshot.compose_files[0] else entry.oid


def _and_above(path: str) -> Iterator[str]:
    """A path, and every folder that it lies in."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _digest(path: Path) -> str | None:
    """That of a file that Git lacks, in the stage or, by its absolute path, where it is; None for an absent one."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
