"""What a deployment that was killed has left behind, and how the next look goes on from there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from workers.adapters.docker.container import REPLACES
from workers.adapters.docker.engine import Engine
from workers.adapters.state.journal import Journal
from workers.deploy.containers.networks import remade
from workers.deploy.files.layout import Folders
from workers.deploy.files.unversioned import give_back
from workers.deploy.transaction.commit import put_tags_back, take_back
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.volumes import Volume, volumes_from_json, volumes_to_json
from workers.model.errors import CommandFailed
from workers.model.words import Action
from workers.runtime.logs import get_logger

log = get_logger(__name__)

_HALF_MADE = re.compile(r"([0-9a-f]{12})_(.+)")


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What is left of an earlier attempt.

    Attributes:
        intent: the attempt, when its files are all in place and it can be gone on with; else None.
        disturbed: services whose containers may be neither as recorded nor as wanted, and what they were to get.
        volumes: the volumes that may be otherwise than recorded by key, as they were before.
        networks: the keys of the networks that may be otherwise than recorded.
    """

    intent: Intent | None = None
    disturbed: Mapping[str, Action] | None = None
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    networks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.intent is not None or bool(self.disturbed)


def look(journal: Mapping[str, Any]) -> Interrupted:
    """What a stack's journal says of an earlier attempt."""
    intent = Intent.from_json(journal["intent"]) if journal.get("intent") else None
    disturbed = {name: Action(action) for name, action in (journal.get("disturbed") or {}).items()}
    volumes, networks = volumes_from_json(journal.get("volumes")), tuple(journal.get("networks") or ())
    return Interrupted(intent, disturbed or None, volumes, networks)


def host_of(journal: Mapping[str, Any]) -> str:
    """The address of the engine that an earlier attempt was about; empty when there was none, or it did not say."""
    return str((journal.get("intent") or {}).get("docker_host") or "")


def take_back_unfinished_switch(stack: str, journal: Journal, folders: Folders, engine: Engine) -> Interrupted:
    """Take a switch back that was not completed: no container has been touched yet.

    A switch that was completed stays, since the same content may be wanted still.
    """
    give_back(folders)
    found = look(journal.load(stack))
    if found.intent is None:
        folders.clear()
    elif not found.intent.switched:
        log.warning("taking back an interrupted switch of files", stack=stack, deployment=found.intent.deployment)
        take_back(engine, folders, found.intent)
        put_tags_back(engine, found.intent.images)
        journal.update(stack, intent=None)
        folders.clear()
        return Interrupted(None, found.disturbed, found.volumes, found.networks)
    return found


def abandon(stack: str, found: Interrupted, journal: Journal, folders: Folders, engine: Engine) -> Interrupted:
    """Take the files of an interrupted deployment back, since something else is wanted by now.

    What it may have done to containers is noted, and made good by the next deployment.
    """
    if found.intent is None:
        return found
    log.warning("giving up an interrupted deployment", stack=stack, deployment=found.intent.deployment)
    take_back(engine, folders, found.intent)
    put_tags_back(engine, found.intent.images)
    disturbed = merged(found.intent.services, found.disturbed or {})
    volumes = {**found.intent.volumes, **found.volumes}
    anew = remade(engine, found.intent.project, found.intent.network_keys, found.intent.networks)
    networks = tuple(sorted({*anew, *found.networks}))
    journal.update(stack, intent=None, **left_otherwise(disturbed, volumes, networks))
    folders.clear()
    return Interrupted(None, disturbed, volumes, networks)


def left_otherwise(
    services: Mapping[str, Action], volumes: Mapping[str, Volume], networks: Sequence[str]
) -> dict[str, object]:
    """The fields of the journal that say what may be neither as recorded nor as wanted."""
    return {
        "disturbed": dict(services) or None,
        "volumes": volumes_to_json(volumes) or None,
        "networks": list(networks) or None,
    }


def merged(first: Mapping[str, Action], second: Mapping[str, Action]) -> dict[str, Action]:
    """The stronger action for every service."""
    return {
        name: max(first.get(name, Action.NONE), second.get(name, Action.NONE), key=lambda action: action.strength)
        for name in {*first, *second}
    }


def settle_half_made(engine: Engine, project: str) -> None:
    """Settle containers that a killed Compose left half made.

    Compose makes `<12 digits of the old one's id>_<name>`, removes the old container and renames the new one. (The
    label that tells it from any other holds the old one's id, too; in Compose 5 it is the service and a number.) While
    the old one is there the new one can go; afterwards it alone refers to the anonymous volumes, so it gets its name.
    Where somebody else has that name by now, it keeps the one it has until the next look: Compose knows it by its
    labels. Compose 5 leaves the container of a `pre_start` hook that failed, and clears it away only where the same
    service still has one to run; nothing is in it that anybody needs.
    """
    for container in engine.containers(project, one_off=True):
        if container.is_hook:
            log.info("removing what a hook has left", container=container.name)
            engine.remove(container.id)
            continue
        match = _HALF_MADE.fullmatch(container.name)
        if not match or not container.labels.get(REPLACES):
            continue
        replaced, proper = match.groups()
        # One that got its name back while somebody else had it is called after itself.
        if not container.id.startswith(replaced) and engine.exists(replaced):
            log.warning("removing a container left half made", container=container.name)
            settle, name = partial(engine.remove, container.id), container.name
        else:
            log.warning("naming a container left half made", container=container.name)
            settle, name = partial(engine.rename, container.id, proper), proper
        try:
            settle()
        except CommandFailed as error:
            log.warning("leaving a container half made", container=container.name, name=name, error=str(error))
