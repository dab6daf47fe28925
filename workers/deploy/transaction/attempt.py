"""One attempt to bring one stack to one commit: everything that its steps share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workers.adapters.docker.compose import Compose
from workers.adapters.docker.compose_project import Project
from workers.adapters.docker.engine import Engine
from workers.changes.snapshot import Snapshot
from workers.deploy.containers import compose_model
from workers.deploy.containers.ownership import Own
from workers.deploy.containers.running import NOTHING, Running
from workers.deploy.files.data import Belonging
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import Manifest
from workers.deploy.files.stage import Source
from workers.deploy.files.switch_plan import Do, Operation
from workers.deploy.transaction.steps import Steps
from workers.deploy.transaction.volumes import Volume, defined
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Entry


@dataclass(frozen=True, slots=True)
class Tools:
    """What a deployment works with.

    Attributes:
        lock: the descriptor of the stack's lock, which Compose inherits.
        say: takes a line for the deployment's log.
        stop: is set when the deployment is to be cancelled at the next safe point.
        own: what tells the containers that Tegu itself runs in.
    """

    compose: Compose
    engine: Engine
    source: Source
    steps: Steps
    say: Callable[[str], None]
    lock: int
    stop: threading.Event
    own: Own

    def unstoppable(self) -> Tools:
        """The same for the way back, which nobody can stop."""
        return replace(self, stop=threading.Event(), steps=self.steps.unstoppable())


@dataclass(frozen=True, slots=True)
class Former:
    """Where the last deployment of a stack is, if that is another project, another engine, or another worker's.

    Attributes:
        place: where that is, for people.
        project: how it was called there; None where it is out of reach: nobody can take it down or go back to it.
        engine: its engine.
        running: its containers, as far as they can be seen.
        distant: whether its volumes are none of the new engine's.
        same_files: whether both engines see the files of this host.
    """

    place: str
    project: Project | None = None
    engine: Engine | None = None
    running: Running = NOTHING
    distant: bool = False
    same_files: bool = True

    @property
    def told(self) -> str:
        """What the deployment's log says of it."""
        if self.project is None:
            return f"it was last deployed {self.place}; what runs there is left as it is"
        return f"it was last deployed {self.place}; its containers there make room for the new ones, volumes stay"


@dataclass(slots=True)
class Attempt:
    """One attempt. Its steps fill in what they find out.

    Attributes:
        name: the deployment's id.
        previous: the commit that is deployed; None at first.
        old: what Tegu has written into the live directory.
        new: what is to be there.
        hollow: folders that the builder is sent with nothing in them.
        project: the Compose project at its live path.
        protected: repository paths that containers mount.
        made_of: repository paths that the model is, or was, read from.
        operations: the switch of files.
        model: what Compose resolved, with staged paths until the switch.
        images: the id that each image name stood for before; None for no image.
        former: where the last deployment is, if that is another project, engine or worker.
        before: the containers before anything was touched.
        starts: which containers had been started when, before anything was touched.
        resting: the services that had containers of which none ran.
        networks: the ids of the networks that have to be made anew.
        volumes: the volumes that are made anew by key, as they were before.
        left_volumes: those that an earlier attempt may have left otherwise, as they were before that.
        made_anew: the keys of those that this attempt has removed.
        applied: whether containers may have been touched.
        adoption: what is to become of data in another directory that the project runs from; None: nobody has said.
        brought: that data, as far as it is brought along.
        halted: the containers that are stopped for that.
        brought_up: services that `up` was asked to bring up; None for all.
        forced: whether somebody insists: volumes that hold data stay as they are, whatever their definition says.
    """

    name: str
    stack: Stack
    decision: Decision
    snapshot: Snapshot
    folders: Folders
    project: Project
    tools: Tools
    old: Manifest
    new: dict[str, Entry]
    hollow: tuple[str, ...] = ()
    previous: str | None = None
    protected: set[str] = field(default_factory=set)
    made_of: frozenset[str] = frozenset()
    model: Mapping[str, Any] = field(default_factory=dict)
    images: dict[str, str | None] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    former: Former | None = None
    before: Running = NOTHING
    starts: set[tuple[str, str]] = field(default_factory=set)
    resting: set[str] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    left_volumes: Mapping[str, Volume] = field(default_factory=dict)
    made_anew: set[str] = field(default_factory=set)
    brought_up: set[str] | None = field(default_factory=set)
    applied: bool = False
    adoption: str | None = None
    brought: tuple[Belonging, ...] = ()
    halted: tuple[str, ...] = ()
    forced: bool = False

    @property
    def written(self) -> Manifest:
        """What Tegu has written into the live directory after the switch, with mounts that Git has dropped."""
        gone = {each.path for each in self.operations if each.do in {Do.AWAY, Do.REMOVE}}
        dropped = {path: entry for path, entry in self.old.items() if path in self.protected and path not in self.new}
        left = {path for path in dropped if not gone.intersection((path, *map(str, Path(path).parents)))}
        return {**{path: dropped[path] for path in left}, **self.new}

    @property
    def staged(self) -> Project:
        """The Compose project in the stage."""
        return self.project.at(self.folders.live, self.folders.stage)

    @property
    def own_projects(self) -> set[str]:
        """The names under which the stack's containers run: also that of the project that makes room."""
        former = self.former.project if self.former else None
        return {self.stack.project, former.name} if former else {self.stack.project}

    def defined_volume(self, key: str) -> Volume | None:
        """A volume as the model defines it; None for one that is external, or in no use."""
        return defined(self.model, key, self.stack.project, self.folders)

    def note(self, model: compose_model.Model) -> None:
        """Note what Compose resolved, and so what is mounted and must not be removed."""
        self.model = model
        sources = compose_model.sources(model)
        for root in (self.folders.stage, self.folders.live):
            self.protected |= compose_model.below(sources, root)

    def look(self, before: Running) -> None:
        """Note what runs before anything is touched."""
        self.before = before
        # What still runs where the last deployment is has not been touched either.
        self.starts = before.starts | (self.former.running.starts if self.former else set())
        self.resting = before.resting()

    def services_with(self, *actions: Action) -> set[str]:
        """The active services that need one of these actions."""
        active = compose_model.services(self.model)
        return {name for name, each in self.decision.services.items() if each.action in actions and name in active}

    def run(self, argv: list[str], *, seconds: float, staged: bool = False) -> None:
        """Run one subcommand of Compose, its output into the log."""
        self.tools.say(f"$ docker compose {' '.join(argv)}")
        self.tools.compose.run(
            self.staged if staged else self.project,
            argv,
            timeout=seconds,
            on_line=self.tools.say,
            pass_fds=(self.tools.lock,),
            stop=self.tools.stop,
        )

    @property
    def live_directory(self) -> Path:
        """The project directory at its live path."""
        return self.project.live
