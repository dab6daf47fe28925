"""Data that a deployment would leave behind: in another directory, under another project name, on another engine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from workers.adapters.docker.visibility import Sight, sight_of
from workers.deploy.containers import compose_model
from workers.deploy.files.data import How, elsewhere, left_behind, out_of_sight, users_of
from workers.deploy.transaction.attempt import Attempt, Former
from workers.model.errors import BlockedStack


class MovedData(BlockedStack):
    """Data of a running project would be left behind."""


def settle_moved(attempt: Attempt) -> None:
    """See to it that no data stays behind unless somebody has decided so; note what is to be brought along.

    Raises:
        MovedData: when somebody has to decide.
    """
    former = attempt.former
    if former is not None and former.distant:
        _refuse_distant(attempt, former)
    _settle_directories(attempt)
    if former is not None and former.project is not None and not former.distant:
        _refuse_lost_volumes(attempt, former, former.project.name)


def _settle_directories(attempt: Attempt) -> None:
    """Refuse when containers run from another directory and data would stay behind, unless somebody has decided."""
    details = attempt.before.details
    if attempt.former is not None and not attempt.former.distant:
        details += attempt.former.running.details
    if not (old := elsewhere((each.container for each in details), attempt.live_directory)):
        return
    mounted = compose_model.sources(attempt.model)
    live, path, sight = (
        attempt.folders.live,
        attempt.stack.path,
        sight_of(attempt.tools.engine, attempt.tools.own.container),
    )
    places = (details, live, path, attempt.new, attempt.protected, mounted, sight)
    if attempt.adoption != "leave" and (hidden := out_of_sight(*places, wants_env=bool(attempt.snapshot.unset))):
        raise MovedData(_hidden(attempt, old, hidden, sight))
    found = left_behind(*places)
    if found and attempt.adoption is None:
        left = ", ".join(each.source for each in found)
        message = (
            f"project {attempt.stack.project} runs from {', '.join(old)}, and this data would stay behind: {left}; "
            f"decide with `tegu adopt {attempt.stack.id} --data move|copy|leave`"
        )
        raise MovedData(message)
    if attempt.adoption in {"move", "copy"}:
        how: How = "copy" if attempt.adoption == "copy" else "move"
        attempt.brought = tuple(replace(each, how=how) for each in found)
        attempt.halted = users_of(details, attempt.brought)


def _hidden(attempt: Attempt, old: Collection[str], hidden: Collection[str], sight: Sight) -> str:
    """What is said of data that would stay behind although nobody here can see it."""
    folders = {next((each for each in old if Path(path).is_relative_to(each)), path) for path in hidden}
    return (
        f"project {attempt.stack.project} runs from {', '.join(old)}, and this data would stay behind, which this "
        f"worker cannot see: {', '.join(hidden)}; {sight.remedy(folders)}then `tegu adopt {attempt.stack.id} --data "
        f"{'leave' if sight.distant else 'move|copy'}`{'' if sight.distant else ' (leave: begin without it)'}"
    )


def _refuse_lost_volumes(attempt: Attempt, former: Former, old: str) -> None:
    """Refuse another project name when volumes would stay behind under the old one, unless somebody has decided."""
    kept = compose_model.volume_names(attempt.model)
    lost = sorted({name for each in former.running.details for name in each.volumes} - kept)
    if not lost or attempt.adoption == "leave":
        return
    message = (
        f"the project was {old} and is {attempt.stack.project} now, which begins with empty volumes; "
        f"these would stay behind: {', '.join(lost)}; give the volumes their old names with `name:` in the Compose "
        f"file, keep the project's name, or begin anew with `tegu adopt {attempt.stack.id} --data leave`"
    )
    raise MovedData(message)


# ---------------------------------------------------------------- on another engine


def _refuse_distant(attempt: Attempt, former: Former) -> None:
    """Refuse another engine or worker when data would stay behind there, unless somebody has decided."""
    if attempt.adoption == "leave" or not (left := sorted(distant_data(attempt, former))):
        return
    message = (
        f"{attempt.stack.id} was last deployed {former.place}, and this data would stay behind there: "
        f"{', '.join(left)}; Tegu cannot bring it along: copy it by hand if it is needed, and then "
        f"`tegu adopt {attempt.stack.id} --data leave`"
    )
    raise MovedData(message)


def distant_data(attempt: Attempt, former: Former) -> set[str]:
    """Volumes, and relative mounts that Git lacks, that the new engine does not have.

    Where no container is left to tell what it mounts, or none can be seen, the new model tells.
    """
    if details := former.running.details:
        volumes = {name for each in details for name in each.volumes}
        mounted = compose_model.below({Path(path) for each in details for path in each.sources}, attempt.folders.live)
    else:
        volumes, mounted = compose_model.volume_names(attempt.model), attempt.protected
    if former.same_files:
        return volumes
    files = {**attempt.old, **attempt.new}
    folders = {str(parent) for path in files for parent in Path(path).parents}
    return volumes | {each for path in mounted for each in _unversioned(path, attempt.folders.live, files, folders)}


def _unversioned(path: str, live: Path, files: Mapping[str, object], folders: Collection[str]) -> Iterator[str]:
    """A mount that Git lacks; of a folder that Git has, what else lies in it on this host."""
    if path in files:
        return
    if path not in folders:
        yield path
    elif (live / path).is_dir():
        for each in sorted((live / path).iterdir()):
            yield from _unversioned(f"{path}/{each.name}", live, files, folders)
