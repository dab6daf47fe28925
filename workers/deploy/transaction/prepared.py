"""What a deployment finds out before it touches anything, one value after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.obstacles import Obstructed
from workers.deploy.containers.running import Running
from workers.deploy.files.data import Belonging
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import Manifest
from workers.deploy.files.switch_plan import Do, Operation
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.volumes import Volume, defined
from workers.model.errors import BlockedStack, CommandFailed
from workers.model.words import Action, Decision, Entry, Reason


@dataclass(frozen=True, slots=True)
class Staged:
    """The new files in the stage, and what Compose makes of them.

    Attributes:
        snapshot: of the commit, with what Compose uses of it beside what was read.
        new: what is to be in the live directory.
        model: what Compose resolved, with staged paths.
        protected: repository paths that containers mount.
    """

    snapshot: Snapshot
    new: Mapping[str, Entry]
    model: compose_model.Model
    protected: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is wanted of the containers of a project, and how they were before anything was touched.

    Attributes:
        ground: what the deployment stands on.
        decision: what each service needs.
        model: what Compose resolved.
        before: the containers.
        starts: which containers had been started when.
        resting: the services that had containers of which none ran.
    """

    ground: Ground
    decision: Decision
    model: compose_model.Model
    before: Running
    starts: frozenset[tuple[str, str]]
    resting: frozenset[str]

    def services_with(self, *actions: Action) -> set[str]:
        """The active services that need one of these actions."""
        active = compose_model.services(self.model)
        return {name for name, each in self.decision.services.items() if each.action in actions and name in active}

    @contextmanager
    def best_effort(self) -> Iterator[None]:
        """Do one thing; on the way back, one that fails leaves things as they are, and the next one is done.

        Raises:
            TeguError: on the way forward.
        """
        try:
            yield
        except (BlockedStack, CommandFailed, Obstructed) as error:
            if self.decision.reason is not Reason.ROLLBACK:
                raise
            self.ground.tools.say(str(error))

    def defined_volume(self, key: str) -> Volume | None:
        """A volume as the model defines it; None for one that is external, or in no use."""
        return defined(self.model, key, self.ground.stack.project, self.ground.folders)


@dataclass(frozen=True, slots=True)
class Work(Seen):
    """The same, with what has to go so that it can be made anew: all that bringing the containers up takes.

    Attributes:
        networks: the ids of the networks that have to be made anew.
        volumes: the volumes that are made anew by key, as they were before.
    """

    networks: frozenset[str]
    volumes: Mapping[str, Volume]


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What was found on the engine and in the live directory before anything is made or fetched.

    Attributes:
        work: what is to be done to the containers.
        images: the id that each image name stands for; None for no image.
        operations: the switch of files.
        brought: data in another directory, as far as it is brought along.
        halted: the containers that are stopped for that.
    """

    work: Work
    images: Mapping[str, str | None]
    operations: tuple[Operation, ...]
    brought: tuple[Belonging, ...]
    halted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deployment of which everything is found out.

    Attributes:
        work: what is to be done to the containers.
        snapshot: of the commit, as it turned out.
        written: what Tegu has written into the live directory after the switch.
        operations: the switch of files.
        images: the id that each image name stood for before; None for no image.
        brought: data in another directory, as far as it is brought along.
        halted: the containers that are stopped for that.
        is_resumed: whether an attempt that was interrupted may have touched containers already.
    """

    work: Work
    snapshot: Snapshot
    written: Manifest
    operations: tuple[Operation, ...]
    images: Mapping[str, str | None]
    brought: tuple[Belonging, ...] = ()
    halted: tuple[str, ...] = ()
    is_resumed: bool = False

    @property
    def ground(self) -> Ground:
        """What the deployment stands on."""
        return self.work.ground


def mounted(model: compose_model.Model, folders: Folders) -> frozenset[str]:
    """The repository paths that containers mount, whether the model was staged or not: they must not be removed."""
    sources = compose_model.sources(model)
    return frozenset(compose_model.below(sources, folders.stage) | compose_model.below(sources, folders.live))


def written(
    old: Manifest, new: Manifest, protected: frozenset[str], operations: tuple[Operation, ...]
) -> dict[str, Entry]:
    """What Tegu has written into the live directory after a switch, with mounts that Git has dropped.

    Args:
        old: what it had written before.
        new: what is to be there.
        protected: repository paths that containers mount.
        operations: the switch.
    """
    gone = {each.path for each in operations if each.do in {Do.AWAY, Do.REMOVE}}
    dropped = {path: entry for path, entry in old.items() if path in protected and path not in new}
    left = {path for path in dropped if not gone.intersection((path, *map(str, Path(path).parents)))}
    return {**{path: dropped[path] for path in left}, **new}
