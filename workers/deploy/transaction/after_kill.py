"""What a deployment that was killed has left behind, and how the next look goes on from there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from workers.adapters.docker.container import REPLACES, Container
from workers.adapters.docker.engine import Engine
from workers.adapters.state.journal import Journal, JournalEntry, LeftFields
from workers.deploy.containers.networks import remade
from workers.deploy.files.layout import Folders
from workers.deploy.files.unversioned import give_back
from workers.deploy.transaction.commit import put_tags_back, take_back
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.volumes import Volume, volumes_from_json, volumes_to_json
from workers.model.errors import BlockedStack, CommandFailed, EngineUnavailable
from workers.model.words import Action
from workers.runtime.logs import get_logger

log = get_logger(__name__)

_HALF_MADE = re.compile(r"([0-9a-f]{12})_(.+)")
_HALF_GONE = frozenset({"removing", "dead"})
_ATTEMPTS, _PAUSE = 20, 0.5  # to remove what is half gone; seconds between two


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
    disturbed: Mapping[str, Action] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    networks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.intent is not None or bool(self.disturbed)

    def given_up(self, networks: Iterable[str]) -> Interrupted:
        """What is left once the attempt is given up: what it may have done to containers is still to be made good.

        Args:
            networks: the keys of those that it may have made anew.
        """
        intent = self.intent
        if intent is None or not intent.switched:
            return replace(self, intent=None)  # no container has been touched yet
        return Interrupted(
            disturbed=merged(intent.services, self.disturbed),
            volumes={**intent.volumes, **self.volumes},
            networks=tuple(sorted({*networks, *self.networks})),
        )


def look(journal: JournalEntry) -> Interrupted:
    """What a stack's journal says of an earlier attempt."""
    intent = Intent.from_json(journal.intent) if journal.intent else None
    return Interrupted(intent, journal.disturbed, volumes_from_json(journal.volumes), journal.networks)


def host_of(journal: JournalEntry) -> str:
    """The address of the engine that an earlier attempt was about; empty when there was none, or it did not say."""
    intent = look(journal).intent
    return intent.docker_host if intent else ""


def tidy(journal: JournalEntry, folders: Folders) -> None:
    """Put away what no intent speaks of: files that a killed rollback has set aside, a stage that led to nothing."""
    give_back(folders)
    if journal.intent is None:
        folders.clear()


def give_up(stack: str, found: Interrupted, journal: Journal, folders: Folders, engine: Engine) -> None:
    """Take the files of an interrupted deployment back.

    What it may have done to containers is noted, and made good by the next deployment.
    """
    intent = found.intent
    if intent is None:
        return
    log.warning("giving up an interrupted deployment", stack=stack, deployment=intent.deployment)
    try:
        take_back(engine, folders, intent)
    except (BlockedStack, CommandFailed, OSError) as error:
        if intent.brought:
            raise  # where data is, only the intent says
        log.warning("files stay as they are until the next deployment", stack=stack, error=str(error))
    put_tags_back(engine, intent.images)
    anew = remade(engine, intent.project, intent.network_keys, intent.networks) if intent.switched else ()
    left = found.given_up(anew)
    journal.update(stack, intent=None, **left_otherwise(left.disturbed, left.volumes, left.networks))
    folders.clear()


def left_otherwise(
    services: Mapping[str, Action], volumes: Mapping[str, Volume], networks: Sequence[str]
) -> LeftFields:
    """The fields of the journal that say what may be neither as recorded nor as wanted."""
    return {"disturbed": services, "volumes": volumes_to_json(volumes), "networks": networks}


def merged(first: Mapping[str, Action], second: Mapping[str, Action]) -> dict[str, Action]:
    """The stronger action for every service."""
    return {
        name: max(first.get(name, Action.NONE), second.get(name, Action.NONE), key=lambda action: action.strength)
        for name in {*first, *second}
    }


def settle_half_made(engine: Engine, project: str, there: tuple[Container, ...] | None = None) -> tuple[Container, ...]:
    """Settle containers that a killed Compose left half made.

    Compose makes `<12 digits of the old one's id>_<name>`, removes the old container and renames the new one. (The
    label that tells it from any other holds the old one's id, too; in Compose 5 it is the service and a number.) While
    the old one is there the new one can go; afterwards it alone refers to the anonymous volumes, so it gets its name.
    Where somebody else has that name by now, it keeps the one it has until the next look: Compose knows it by its
    labels. Compose 5 leaves the container of a `pre_start` hook that failed, and clears it away only where the same
    service still has one to run; nothing is in it that anybody needs. One that the engine could not remove to the end
    (`dead`) can never be started again (seen with 20.10: "is marked for removal and cannot be started"), but removed.

    Args:
        engine: where they are.
        project: whose they are.
        there: its containers, those of `run` and of hooks included, where somebody has just looked.

    Returns:
        The same as they are then.
    """
    there = engine.containers(project, one_off=True) if there is None else there
    half_gone = [each for each in there if each.state in _HALF_GONE]
    for each in half_gone:
        _remove_to_the_end(engine, each)
    half_made = [each for each in there if each not in half_gone and (each.is_hook or _is_half_made(each))]
    for each in half_made:
        _settle(engine, each)
    return engine.containers(project, one_off=True) if half_made or half_gone else there


def _remove_to_the_end(engine: Engine, container: Container) -> None:
    """Remove what the engine has begun to remove, or is removing right now."""
    log.warning("removing a container left half removed", container=container.name)
    for _ in range(_ATTEMPTS):
        # It is being removed, or what is in the way is still there (the engine calls that an error of its own).
        with suppress(CommandFailed, EngineUnavailable):
            engine.remove(container.id)
        if not engine.exists(container.id):
            return
        time.sleep(_PAUSE)
    log.warning("leaving a container half removed", container=container.name)


def _is_half_made(container: Container) -> bool:
    return bool(_HALF_MADE.fullmatch(container.name) and container.labels.get(REPLACES))


def _settle(engine: Engine, container: Container) -> None:
    replaced, _, proper = container.name.partition("_")
    if container.is_hook:
        log.info("removing what a hook has left", container=container.name)
        settle, name = partial(engine.remove, container.id), container.name
    # One that got its name back while somebody else had it is called after itself.
    elif not container.id.startswith(replaced) and engine.exists(replaced):
        log.warning("removing a container left half made", container=container.name)
        settle, name = partial(engine.remove, container.id), container.name
    else:
        log.warning("naming a container left half made", container=container.name)
        settle, name = partial(engine.rename, container.id, proper), proper
    try:
        settle()
    except CommandFailed as error:
        log.warning("leaving a container half made", container=container.name, name=name, error=str(error))
