"""What a deployment stands on and finds out, as plain values over a temporary folder; nobody answers as the engine."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tests.records import a_snapshot
from tests.unit.deploy.observations import STACK
from workers.adapters.docker.compose import Compose
from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.changes.tree import Tree
from workers.deploy.containers.ownership import Own
from workers.deploy.containers.running import Running
from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import Manifest
from workers.deploy.transaction.call import live_project
from workers.deploy.transaction.ground import Ground, Tools
from workers.deploy.transaction.prepared import Work
from workers.deploy.transaction.steps import Step, Steps
from workers.model.stack import Options, Stack
from workers.model.words import Action, Decision, Reason, ServiceDecision


@dataclass
class Files:
    """Where staged files come from: every one has its path as its content."""

    staged: list[str] = field(default_factory=list)

    def stage(self, files: Manifest, target: Path) -> None:
        """Write them."""
        for path in files:
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(path)
            self.staged.append(path)


def a_stack(**options: Any) -> Stack:
    """The stack `default/a` at `a`."""
    return Stack(STACK.environment, "a", "r", "a", "main", "local", "unix:///nowhere", "a", Options(**options))


def a_decision(reason: Reason = Reason.CONTENT_CHANGED, **services: Action) -> Decision:
    """What each service needs."""
    each = {name: ServiceDecision(action) for name, action in services.items()}
    return Decision(STACK.id, Action.UP, reason, "new", services=each)


def a_ground(
    root: Path, *, options: Mapping[str, Any] | None = None, said: list[str] | None = None, **fields: Any
) -> Ground:
    """A deployment of the stack in a folder."""
    stack = a_stack(**options or {})
    snapshot, folders = a_snapshot("new"), Folders.of(root, stack)
    folders.stage.parent.mkdir(parents=True, exist_ok=True)
    (folders.live / "a").mkdir(parents=True, exist_ok=True)
    stop, lines = threading.Event(), [] if said is None else said
    tools = Tools(
        compose=Compose(("false",)),
        engine=Engine("unix:///nowhere"),
        source=Files(),
        steps=Steps(lambda _name, _seconds: None, lambda step: lines.append(f"[{step}]"), stop),
        say=lines.append,
        lock=0,
        stop=stop,
        own=Own(),
    )
    known: dict[str, Any] = {
        "name": "d1",
        "stack": stack,
        "decision": a_decision(),
        "snapshot": snapshot,
        "tree": cast("Tree", None),
        "new": {},
        "old": {},
        "folders": folders,
        "project": live_project(stack, snapshot, folders),
        "tools": tools,
    }
    return Ground(**{**known, **fields})


def a_model(**services: Mapping[str, Any]) -> dict[str, Any]:
    """What Compose resolves."""
    return {"services": {name: {"image": f"{name}:1", **service} for name, service in services.items()}}


def a_container(service: str = "web", state: str = "running", name: str | None = None, **more: Any) -> Container:
    """One of a service."""
    known = {"image": f"{service}:1", "image_id": f"sha256:{service}", "created": 0, **more}
    return Container(f"id-{service}", name or f"a-{service}-1", "a", service, state, **known)


def details(container: Container, started: str = "1", code: int = 0, policy: str = "no", **more: Any) -> Details:
    """A look into it."""
    return Details(container, container.state, started, code, 0, None, policy, **more)


def running(*containers: Container, aside: Iterable[Container] = ()) -> Running:
    """These, each just looked into."""
    return Running(tuple(details(each) for each in containers), tuple(aside))


def a_work(
    ground: Ground, model: Mapping[str, Any], before: Running, decision: Decision | None = None, **more: Any
) -> Work:
    """What is to be done about containers that are as they were."""
    starts, resting = frozenset(before.starts), frozenset(before.resting())
    known: dict[str, Any] = {"networks": frozenset(), "volumes": {}, "starts": starts, "resting": resting}
    return Work(ground, decision or ground.decision, model, before, **{**known, **more})


def steps_of(said: Iterable[str]) -> list[Step]:
    """The steps among what was said."""
    return [Step(line[1:-1]) for line in said if line.startswith("[")]
