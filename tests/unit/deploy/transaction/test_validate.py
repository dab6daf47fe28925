"""Compose is asked for a model unless its answer is known; a program that counts its calls stands in for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.records import a_snapshot
from tests.unit.deploy.transaction.grounds import a_ground
from workers.adapters.docker.compose import Compose
from workers.changes.snapshot import ServiceSnapshot, Snapshot
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.validate import validated
from workers.model.words import Action, Entry

FILE = "services: {web: {image: '%s'}}\n"
PROGRAM = """#!/bin/sh
echo called >>{calls}
echo said >&2
exec sed "s/services: .web: .image: '\\(.*\\)'../{{\\"services\\": {{\\"web\\": {{\\"image\\": \\"\\1\\"}}}}}}/" {file}
"""


@dataclass
class Room:
    """One stack whose files are staged again and again."""

    root: Path
    ground: Ground
    snapshot: Snapshot
    new: dict[str, Entry] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        calls = self.root / "calls"
        return calls.read_text().count("called") if calls.exists() else 0

    def image(self, image: str) -> object:
        """The image that the model has when the file names this one."""
        (self.ground.folders.stage / "a/compose.yaml").write_text(FILE % image)
        model, said = validated(self.ground, self.snapshot, self.new, ())
        assert said == "said"
        return model["services"]["web"]["image"]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    stage = a_ground(tmp_path).folders.stage
    (stage / "a").mkdir(parents=True)
    program = tmp_path / "docker-compose"
    program.write_text(PROGRAM.format(calls=tmp_path / "calls", file=stage / "a/compose.yaml"))
    program.chmod(0o755)
    snapshot = replace(a_snapshot("new"), compose_files=("a/compose.yaml",), model=("a/compose.yaml", "a/app.env"))
    snapshot = replace(snapshot, outside={"a/.env": None})
    ground = a_ground(tmp_path, snapshot=snapshot)
    project = replace(ground.project, files=(str(ground.folders.live / "a/compose.yaml"),))
    tools = replace(ground.tools, compose=Compose((str(program),)))
    new = {path: Entry(0o100644, "1" * 40) for path in ("a/compose.yaml", "a/app.env", "a/conf/app.ini")}
    return Room(tmp_path, replace(ground, project=project, tools=tools), snapshot, new)


def test_compose_is_asked_once_while_only_plain_values_differ(room: Room) -> None:
    assert [room.image(image) for image in ("a:1", "a:2", "a:2", "a:3")] == ["a:1", "a:2", "a:2", "a:3"]
    assert room.calls == 1


def in_git(path: str, entry: Entry | None) -> Callable[[Room], None]:
    def change(room: Room) -> None:
        room.new = (
            {**room.new, path: entry} if entry else {name: each for name, each in room.new.items() if name != path}
        )

    return change


def variables(room: Room) -> None:
    environment: Mapping[str, str] = {**room.ground.project.environment, "X": "1"}
    room.ground = replace(room.ground, project=replace(room.ground.project, environment=environment))


def profiles(room: Room) -> None:
    room.ground = replace(room.ground, project=replace(room.ground.project, profiles=("x",)))


def env_file_outside_git(room: Room) -> None:
    (room.ground.folders.stage / "a/.env").write_text("X=1")


def another_release(room: Room) -> None:
    program = room.root / "docker-compose"
    program.write_text(program.read_text() + "#\n")


CHANGES = {
    "an env file in Git": in_git("a/app.env", Entry(0o100644, "2" * 40)),
    "an env file outside of Git": env_file_outside_git,
    "a file more": in_git("a/other", Entry(0o100644, "1" * 40)),
    "a file less": in_git("a/conf/app.ini", None),
    "a file's mode": in_git("a/conf/app.ini", Entry(0o120000, "1" * 40)),
    "a variable": variables,
    "a profile": profiles,
    "the release of Compose": another_release,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_compose_is_asked_again_when_anything_else_differs(change: Callable[[Room], None], room: Room) -> None:
    room.image("a:1")
    change(room)
    assert (room.image("a:2"), room.calls) == ("a:2", 2)


def test_what_is_only_mounted_is_not_read_by_compose(room: Room) -> None:
    web = ServiceSnapshot("d", content={"a/conf": Action.RESTART})
    room.snapshot = replace(room.snapshot, services={"web": web})
    room.image("a:1")
    room.new["a/conf/app.ini"] = Entry(0o100644, "2" * 40)
    assert (room.image("a:2"), room.calls) == ("a:2", 1)


def test_what_several_files_are_merged_to_is_for_compose_to_say(room: Room) -> None:
    files = (*room.ground.project.files, *room.ground.project.files)
    room.ground = replace(room.ground, project=replace(room.ground.project, files=files))
    assert [room.image(image) for image in ("a:1", "a:1")] == ["a:1", "a:1"]
    assert room.calls == 2
