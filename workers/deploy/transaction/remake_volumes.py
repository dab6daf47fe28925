"""Volumes that are only mounts, made anew with other options within a deployment, or with the old ones on its way back.

The engine removes no volume that a container refers to, running or not, and Compose leaves it as it is (2.40 and 5.6.1
ask whether to recreate it, "data will be lost", and nobody answers). So its containers go first. Nothing else refers to
a container's anonymous volumes, and Compose takes them over from the container that it replaces: a stand-in that is
never started keeps them under the container's name and labels until `up` replaces it. Until then it has a name as
Compose gives it to a container half made, and what is left of one after a kill is settled like that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from workers.adapters.docker.container import CONFIG_HASH, REPLACES, Container
from workers.adapters.docker.engine import Engine, translated
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.steps import Step
from workers.deploy.transaction.volumes import Volume, found, outsiders
from workers.model.errors import BlockedStack
from workers.runtime.late import late
from workers.runtime.logs import get_logger

if TYPE_CHECKING:
    import docker.types
else:
    docker = late("docker", "types")

log = get_logger(__name__)

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def make_anew(work: Work, made_anew: set[str]) -> None:
    """Remove the volumes that have another definition by now, with their containers; `up` makes both.

    Args:
        work: what is to be done.
        made_anew: gets the keys of those that were removed.

    Raises:
        BlockedStack: when containers of others have come to use one.
    """
    for key in work.volumes:
        there, wanted = _both(work, key)
        if there is not None and wanted is not None and there.is_only_mount and not there.is_as(wanted):
            work.ground.tools.say(f"volume {there.name} is only a mount, and is made anew with its new definition")
            _remove(work.ground, there)
            made_anew.add(key)


def _both(work: Work, key: str) -> tuple[Volume | None, Volume | None]:
    wanted = work.defined_volume(key)
    return (found(work.ground.tools.engine, wanted.name) if wanted else None), wanted


def put_back(ground: Ground, volumes: Mapping[str, Volume], made_anew: Collection[str]) -> None:
    """Make volumes what they were before the attempt.

    Args:
        ground: that of the attempt that is taken back.
        volumes: as they were, by key.
        made_anew: the keys of those that it has removed.

    Raises:
        BlockedStack: when one would have to go that may hold data by now, or that others use.
    """
    for key, old in volumes.items():
        there = found(ground.tools.engine, old.name)
        if there == old:
            continue
        if there is not None:
            if not there.is_only_mount and key not in made_anew:
                message = (
                    f"volume {old.name}, which was only a mount, has been made by an interrupted deployment and may"
                    f" hold data by now, so it stays; save what you need of it, remove it (docker volume rm {old.name})"
                    f" and `tegu deploy {ground.stack.id}`"
                )
                raise BlockedStack(message)
            _remove(ground, there)
        ground.tools.say(f"volume {old.name} is made with its old definition")
        with ground.tools.steps.step(Step.VOLUMES), translated():
            labels, options = dict(old.labels), dict(old.options)
            ground.tools.engine.client.create_volume(old.name, old.driver, driver_opts=options, labels=labels)


def _remove(ground: Ground, volume: Volume) -> None:
    """Remove a volume, and its containers before it."""
    engine, steps = ground.tools.engine, ground.tools.steps
    users = engine.users(volume.name)
    if others := outsiders(users, ground.own_projects):
        raise BlockedStack(used_by_others(volume, others))
    for each in users:
        with steps.step(Step.VOLUMES):
            _remove_user(engine, each)
    with steps.step(Step.VOLUMES), translated():
        engine.client.remove_volume(volume.name)


def used_by_others(volume: Volume, others: list[Container]) -> str:
    """What is told where a volume cannot be made anew because of containers that are not the stack's."""
    names = sorted(each.name for each in others)
    return (
        f"volume {volume.name} has another definition by now and has to be made anew, but containers that are not this"
        f" stack's use it, running or not: {', '.join(names)}; take these down first (docker rm --force"
        f" {' '.join(names)}), and bring them up again afterwards"
    )


def _remove_user(engine: Engine, container: Container) -> None:
    stand_in = None if container.is_hook else _stand_in(engine, container)
    engine.stop(container.id)
    engine.remove(container.id)
    if stand_in is not None:
        engine.rename(stand_in, container.name)


def _stand_in(engine: Engine, container: Container) -> str | None:
    """A container that keeps another one's anonymous volumes for the next; None where it has none."""
    with translated():
        seen = engine.client.inspect_container(container.id)
        kept = [each for each in seen["Mounts"] if _is_anonymous(each)]
        if not kept:
            return None
        mounts = [
            docker.types.Mount(each["Destination"], each["Name"], type="volume", read_only=not each["RW"])
            for each in kept
        ]
        # Where the image wants a volume, it would get a new one that nobody needs.
        others = set(seen["Config"].get("Volumes") or ()) - {each["Destination"] for each in kept}
        mounts += [docker.types.Mount(path, None, type="tmpfs") for path in sorted(others)]
        # Compose sees by the missing digest that it is not what it wants, and by the label whom it stands for.
        labels = {**container.labels, REPLACES: container.id, CONFIG_HASH: ""}
        made = engine.client.create_container(
            seen["Image"],
            ["true"],
            name=f"{container.id[:12]}_{container.name}",
            labels=labels,
            host_config=engine.client.create_host_config(mounts=mounts, network_mode="none"),
        )
    return str(made["Id"])


def _is_anonymous(mount: Mapping[str, Any]) -> bool:
    return mount["Type"] == "volume" and bool(_ANONYMOUS.fullmatch(mount["Name"]))
