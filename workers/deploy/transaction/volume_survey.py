"""What becomes of volumes whose definition changed, found out before anything is touched.

The engine says what a volume is: it was made with the options that it has, whatever the files have said since.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from workers.adapters.docker.container import Container
from workers.changes.locations import is_bind
from workers.deploy.containers import compose_model
from workers.deploy.files.data import Belonging
from workers.deploy.transaction.prepared import Seen
from workers.deploy.transaction.remake_volumes import used_by_others
from workers.deploy.transaction.volumes import Volume, found, made_for, outsiders, owner_of
from workers.model.errors import BlockedStack, InvalidStack

_COPY = "docker run --rm --volume {old}:/from:ro --volume {new}:/to busybox cp -a /from/. /to/"


def survey_volumes(seen: Seen, brought: Sequence[Belonging] = ()) -> dict[str, Volume]:
    """The volumes that are made anew by key, as they are now; those that an earlier attempt has left otherwise, too.

    Args:
        seen: what is wanted, and what is there.
        brought: data that comes along from another directory: what binds it there has to bind it here.

    Raises:
        InvalidStack: when one holds data, with the commands that decide what becomes of it.
        BlockedStack: when containers that are not the stack's use one.
    """
    anew = dict(seen.ground.left_volumes)
    for key in sorted({*seen.decision.volumes, *anew, *_bound_to(seen, brought)}):
        if (wanted := seen.defined_volume(key)) is None:
            continue
        there = found(seen.ground.tools.engine, wanted.name)
        if there is None:
            _refuse_left_behind(seen, key, wanted)
        elif not there.is_as(wanted) and _may_go(seen, key, there):
            anew.setdefault(key, there)
    return anew


def _bound_to(seen: Seen, brought: Sequence[Belonging]) -> Iterator[str]:
    """The keys of the volumes that only bind what comes along; without a record nobody knows that they differ."""
    for key in (seen.model.get("volumes") or {}) if brought else ():
        wanted = seen.defined_volume(key)
        there = found(seen.ground.tools.engine, wanted.name) if wanted else None
        if there is not None and is_bind(there.options):
            device = Path(there.options["device"])
            if any(device.is_relative_to(each.source) or Path(each.source).is_relative_to(device) for each in brought):
                yield key


def _may_go(seen: Seen, key: str, volume: Volume) -> bool:
    """Whether a volume can be removed; False where it stays, since somebody insists on the deployment."""
    users = seen.ground.tools.engine.users(volume.name)
    if not volume.is_only_mount:
        if not seen.ground.forced:
            raise InvalidStack(_holds_data(seen, key, volume, users))
        seen.ground.tools.say(f"the options of volume {key} changed; {volume.name} holds data and stays as it is")
        return False
    owner = owner_of(volume)
    if owner and owner not in seen.ground.own_projects:
        message = (
            f"the options of volume {key} changed, but {volume.name} was made for project {owner}; remove it by hand"
            f" (docker volume rm {volume.name}) and `tegu deploy {seen.ground.stack.id}`, or give this one another"
            " `name:`"
        )
        raise InvalidStack(message)
    if others := outsiders(users, seen.ground.own_projects) or _orphans(seen, users):
        raise BlockedStack(used_by_others(volume, others))
    return True


def _orphans(seen: Seen, users: tuple[Container, ...]) -> list[Container]:
    """Containers of services that are in no model any more, where the stack's options let them be."""
    if seen.ground.stack.options.remove_orphans:
        return []
    active = compose_model.services(seen.model)
    return [each for each in users if each.service not in active]


def _holds_data(seen: Seen, key: str, volume: Volume, users: tuple[Container, ...]) -> str:
    """The refusal, with the exact commands: begin with an empty volume, or keep what it holds."""
    name, kept, deploy = volume.name, f"{volume.name}.before", f"tegu deploy {seen.ground.stack.id}"
    containers = " ".join(sorted(each.name for each in users))
    remove = (f"docker rm --force {containers} && " if containers else "") + f"docker volume rm {name} && {deploy}"
    stop = (f"docker stop {containers} && " if containers else "") + f"docker volume create {kept}"
    return "\n".join(
        (
            f"the options of volume {key} changed; the volume holds data; rename it or remove it by hand",
            "to keep its data, give it another key in `volumes:`; the old one stays, and its data can be copied:",
            f"  docker volume create NEW && {_COPY.format(old=name, new='NEW')}",
            "to keep its data under its name, copy it there and back:",
            f"  {stop} && {_COPY.format(old=name, new=kept)} && {remove}",
            f"  {_COPY.format(old=kept, new=name)}",
            "to begin with an empty one:",
            f"  {remove}",
            f"to leave it as it is: {deploy} --force",
        )
    )


def _refuse_left_behind(seen: Seen, key: str, wanted: Volume) -> None:
    """Refuse another name for a volume when what it holds would stay behind under the old one."""
    made = made_for(seen.ground.tools.engine, sorted(seen.ground.own_projects), key)
    mounted = {name for each in seen.before.details for name in each.volumes}
    left = [each for each in made if each.name in mounted] or made
    if not (data := sorted(each.name for each in left if not each.is_only_mount)):
        return
    if seen.ground.forced:
        seen.ground.tools.say(f"volume {key} is {wanted.name} now and begins empty; {', '.join(data)} stays")
        return
    name, deploy = wanted.name, f"tegu deploy {seen.ground.stack.id}"
    labels = "".join(f" --label {shlex.quote(f'{label}={text}')}" for label, text in wanted.labels.items())
    create = f"docker volume create{labels} {name}"
    if wanted.options or wanted.driver != "local":  # the options may be secret
        create = f"docker volume create {name} (with the driver and options of the Compose file)"
    message = "\n".join(
        (
            f"the options of volume {key} changed; the volume holds data; rename it or remove it by hand",
            f"it would be {name} now and begin empty, and {', '.join(data)} would stay behind; to take its data along:",
            f"  {create} && {_COPY.format(old=data[0], new=name)} && {deploy}",
            f"to begin with an empty one: {deploy} --force",
        )
    )
    raise InvalidStack(message)
