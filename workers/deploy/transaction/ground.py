"""What a deployment stands on: everything that is given before its first step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from workers.adapters.docker.compose import Compose
from workers.adapters.docker.compose_project import Project
from workers.adapters.docker.container import Container
from workers.adapters.docker.engine import Engine
from workers.adapters.docker.progress import is_waiting
from workers.adapters.state.deployed import Call, Deployed
from workers.changes.snapshot import Snapshot
from workers.changes.tree import Tree
from workers.deploy.containers.ownership import Own
from workers.deploy.containers.running import NOTHING, Running
from workers.deploy.containers.strangers import WhoseProject
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import Manifest
from workers.deploy.files.stage import Source
from workers.deploy.transaction.steps import Steps
from workers.deploy.transaction.volumes import Volume
from workers.model.stack import Stack
from workers.model.words import Decision, Entry
from workers.runtime.masking import Masker
from workers.runtime.slots import until_it_waits

SupersededBy: TypeAlias = Callable[[], str | None]


def never() -> str | None:
    """Nothing else is to be deployed instead."""
    return None


@dataclass(frozen=True, slots=True)
class Tools:
    """What a deployment works with.

    Attributes:
        lock: the descriptor of the stack's lock, which Compose inherits.
        say: takes a line for the deployment's log.
        stop: is set when the deployment is to be cancelled at the next safe point.
        own: what tells the containers that Tegu itself runs in.
        hide: takes what hides values that were read, in all that is told until the deployment has ended.
        superseded_by: gives the commit that is to be deployed instead, if there is one by now; asked while one waits.
    """

    compose: Compose
    engine: Engine
    source: Source
    steps: Steps
    say: Callable[[str], None]
    lock: int
    stop: threading.Event
    own: Own
    hide: Callable[[Masker], None] = lambda _masker: None
    superseded_by: SupersededBy = never

    def unstoppable(self) -> Tools:
        """The same for the way back, which nobody can stop."""
        return replace(self, stop=threading.Event(), steps=self.steps.unstoppable(), superseded_by=never)


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


@dataclass(frozen=True, slots=True)
class Ground:
    """What a deployment stands on.

    Attributes:
        name: the deployment's id.
        stack: the stack.
        decision: what each service needs, as far as the content says.
        snapshot: of the commit to bring the stack to.
        tree: that commit.
        new: what is to be in the live directory.
        old: what Tegu has written into it.
        folders: the stack's.
        project: the Compose project at its live path.
        tools: what the deployment works with.
        record: what is deployed; None at first.
        call: how the project was called at its last good deployment; None at first.
        former: where the last deployment is, if that is another project, engine or worker.
        adoption: what is to become of data in another directory that the project runs from; None: nobody has said.
        forced: whether somebody insists: volumes that hold data stay as they are, whatever their definition says.
        left_volumes: the volumes that an earlier attempt may have left otherwise by key, as they were before that.
        there: the project's containers, those of `run` and of hooks included.
        whose: knows whose the projects of the engine are.
    """

    name: str
    stack: Stack
    decision: Decision
    snapshot: Snapshot
    tree: Tree
    new: Mapping[str, Entry]
    old: Manifest
    folders: Folders
    project: Project
    tools: Tools
    record: Deployed | None = None
    call: Call | None = None
    former: Former | None = None
    adoption: str | None = None
    forced: bool = False
    left_volumes: Mapping[str, Volume] = field(default_factory=dict)
    there: tuple[Container, ...] = ()
    whose: WhoseProject = lambda _project: None

    @property
    def previous(self) -> str | None:
        """The commit that is deployed; None at first."""
        return self.record.commit if self.record else None

    @property
    def made_of(self) -> frozenset[str]:
        """Repository paths that the model is, or was, read from."""
        return self.snapshot.made_of | (self.record.snapshot.made_of if self.record else frozenset())

    @property
    def staged(self) -> Project:
        """The Compose project in the stage."""
        return self.project.at(self.folders.live, self.folders.stage)

    @property
    def live_directory(self) -> Path:
        """The project directory at its live path."""
        return self.project.live

    @property
    def own_projects(self) -> set[str]:
        """The names under which the stack's containers run: also that of the project that makes room."""
        former = self.former.project if self.former else None
        return {self.stack.project, former.name} if former else {self.stack.project}

    def running(self) -> Running:
        """The containers of the project as they are now."""
        return Running.now(self.tools.engine, self.stack.project)

    def unstoppable(self) -> Ground:
        """The same for the way back, which nobody can stop."""
        return replace(self, tools=self.tools.unstoppable())

    def run(self, argv: list[str], *, seconds: float, staged: bool = False) -> None:
        """Run one subcommand of Compose, its output into the log; without a slot from when it waits for a container."""
        say = self.tools.say
        say(f"$ docker compose {' '.join(argv)}")
        with until_it_waits() as give_back:

            def hear(line: str) -> None:
                say(line)
                if is_waiting(line):
                    give_back()

            self.tools.compose.run(
                self.staged if staged else self.project,
                argv,
                timeout=seconds,
                on_line=hear,
                pass_fds=(self.tools.lock,),
                stop=self.tools.stop,
            )
