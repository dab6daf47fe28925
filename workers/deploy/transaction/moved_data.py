"""Data that a deployment would leave behind: in another directory, under another project name, on another engine."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.adapters.docker.visibility import Sight, sight_of
from workers.changes.locations import is_bind
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.running import Running
from workers.deploy.files.data import Belonging, How, elsewhere, left_behind, out_of_sight, users_of
from workers.deploy.transaction.ground import Former, Ground
from workers.deploy.transaction.prepared import Staged
from workers.deploy.transaction.volumes import found as engines_volume
from workers.model.errors import BlockedStack


class MovedData(BlockedStack):
    """Data of a running project would be left behind."""


Along = tuple[tuple[Belonging, ...], tuple[str, ...]]
"""The data that is brought along, and the ids of the containers that are stopped for that."""


def moved_along(ground: Ground, staged: Staged, before: Running) -> Along:
    """See to it that no data stays behind unless somebody has decided so; what is to be brought along.

    Raises:
        MovedData: when somebody has to decide.
    """
    former = ground.former
    if former is not None and former.distant:
        _refuse_distant(ground, staged, former)
    along = _from_directories(ground, staged, before)
    if former is not None and former.project is not None and not former.distant:
        _refuse_lost_volumes(ground, staged.model, former, former.project.name)
    return along


def _from_directories(ground: Ground, staged: Staged, before: Running) -> Along:
    """Refuse when containers run from another directory and data would stay behind, unless somebody has decided."""
    details = before.details
    if ground.former is not None and not ground.former.distant:
        details += ground.former.running.details
    if not (old := elsewhere((each.container for each in details), ground.live_directory)):
        return (), ()
    details = tuple(_with_devices(ground.tools.engine, each) for each in details)
    mounted, env_files = compose_model.sources(staged.model), _absent_env_files(ground, staged)
    live, path, sight = (
        ground.folders.live,
        ground.stack.path,
        sight_of(ground.tools.engine, ground.tools.own.container),
    )
    places = (details, live, path, staged.new, staged.protected, mounted, sight)
    if ground.adoption != "leave":
        unseen = [each.container for each in details if not sight.sees(each.container.working_dir)]
        doubtful = env_files if _may_have_read(ground, staged, unseen) else frozenset[str]()
        if hidden := out_of_sight(*places, env_files=doubtful):
            raise MovedData(_hidden(ground, old, hidden, sight))
    found = left_behind(*places, env_files=env_files)
    if found and ground.adoption is None:
        raise MovedData(_undecided(ground, old, found))
    if ground.adoption not in {"move", "copy"}:
        return (), ()
    how: How = "copy" if ground.adoption == "copy" else "move"
    brought = tuple(replace(each, how=how) for each in found)
    return brought, users_of(details, brought)


def _undecided(ground: Ground, old: Collection[str], left: Collection[Belonging]) -> str:
    """What is said of data that would stay behind."""
    return (
        f"project {ground.stack.project} runs from {', '.join(old)}, and this data would stay behind: "
        f"{', '.join(each.source for each in left)}; "
        f"decide with `tegu adopt {ground.stack.id} --data move|copy|leave`"
    )


def _with_devices(engine: Engine, seen: Details) -> Details:
    """A container whose volumes that only bind a folder count as what they bind: the data lies there."""
    volumes = (engines_volume(engine, name) for name in seen.volumes)
    devices = tuple(each.options["device"] for each in volumes if each is not None and is_bind(each.options))
    return replace(seen, sources=(*seen.sources, *devices)) if devices else seen


def _absent_env_files(ground: Ground, staged: Staged) -> frozenset[str]:
    """The env files that Compose would read and that are in neither Git nor the stack's directory."""
    snapshot = staged.snapshot
    absent = {path for path in snapshot.secrets if snapshot.outside.get(path, "") is None}
    return frozenset({_usual_env_file(ground)} | {path for path in absent if not path.startswith("/")})


def _usual_env_file(ground: Ground) -> str:
    return os.path.normpath(f"{ground.stack.path}/.env")


def _may_have_read(ground: Ground, staged: Staged, containers: Collection[Container]) -> bool:
    """Whether containers from where nobody here can look may have been made with env files that are absent here.

    The engine says of no container which env files it was made with. One whose definition is what the new model has
    without any (Compose's own digest tells) was made without. One whose service is not active may owe that to
    `COMPOSE_PROFILES`.
    """
    own = [each for each in containers if each.is_of_service]
    if not own:
        return False
    snapshot, hashes = staged.snapshot, ground.tools.compose.hashes(ground.staged)
    lacks_values = any(value is None for name, value in snapshot.inputs.items() if name in _variables(snapshot))
    lacks_files = bool(_absent_env_files(ground, staged) - {_usual_env_file(ground)})
    others = [each for each in own if each.config_hash != hashes.get(each.service)]
    return any(each.service not in hashes for each in others) or bool(others and (lacks_values or lacks_files))


def _variables(snapshot: Snapshot) -> set[str]:
    """The names of the inputs that are variables of the Compose files."""
    return {name for name in snapshot.inputs if name.startswith("variable:")} - {"variable:COMPOSE_PROFILES"}


def _hidden(ground: Ground, old: Collection[str], hidden: Collection[str], sight: Sight) -> str:
    """What is said of data that would stay behind although nobody here can see it."""
    folders = {next((each for each in old if Path(path).is_relative_to(each)), path) for path in hidden}
    return (
        f"project {ground.stack.project} runs from {', '.join(old)}, and this data would stay behind, which this "
        f"worker cannot see: {', '.join(hidden)}; {sight.remedy(folders)}then `tegu adopt {ground.stack.id} --data "
        f"{'leave' if sight.distant else 'move|copy'}`{'' if sight.distant else ' (leave: begin without it)'}"
    )


def _refuse_lost_volumes(ground: Ground, model: compose_model.Model, former: Former, old: str) -> None:
    """Refuse another project name when volumes would stay behind under the old one, unless somebody has decided."""
    kept = compose_model.volume_names(model)
    lost = sorted({name for each in former.running.details for name in each.volumes} - kept)
    if not lost or ground.adoption == "leave":
        return
    message = (
        f"the project was {old} and is {ground.stack.project} now, which begins with empty volumes; "
        f"these would stay behind: {', '.join(lost)}; give the volumes their old names with `name:` in the Compose "
        f"file, keep the project's name, or begin anew with `tegu adopt {ground.stack.id} --data leave`"
    )
    raise MovedData(message)


# ---------------------------------------------------------------- on another engine


def _refuse_distant(ground: Ground, staged: Staged, former: Former) -> None:
    """Refuse another engine or worker when data would stay behind there, unless somebody has decided."""
    if ground.adoption == "leave" or not (left := sorted(distant_data(ground, staged, former))):
        return
    message = (
        f"{ground.stack.id} was last deployed {former.place}, and this data would stay behind there: "
        f"{', '.join(left)}; Tegu cannot bring it along: copy it by hand if it is needed, and then "
        f"`tegu adopt {ground.stack.id} --data leave`"
    )
    raise MovedData(message)


def distant_data(ground: Ground, staged: Staged, former: Former) -> set[str]:
    """Volumes, and relative mounts that Git lacks, that the new engine does not have.

    Where no container is left to tell what it mounts, or none can be seen, the new model tells.
    """
    if details := former.running.details:
        volumes = {name for each in details for name in each.volumes}
        mounted = compose_model.below({Path(path) for each in details for path in each.sources}, ground.folders.live)
    else:
        volumes, mounted = compose_model.volume_names(staged.model), set(staged.protected)
    if former.same_files:
        return volumes
    files = {**ground.old, **staged.new}
    folders = {str(parent) for path in files for parent in Path(path).parents}
    return volumes | {each for path in mounted for each in _unversioned(path, ground.folders.live, files, folders)}


def _unversioned(path: str, live: Path, files: Mapping[str, object], folders: Collection[str]) -> Iterator[str]:
    """A mount that Git lacks; of a folder that Git has, what else lies in it on this host."""
    if path in files:
        return
    if path not in folders:
        yield path
    elif (live / path).is_dir():
        for each in sorted((live / path).iterdir()):
            yield from _unversioned(f"{path}/{each.name}", live, files, folders)
