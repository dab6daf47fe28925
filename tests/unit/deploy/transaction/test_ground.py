"""What a deployment stands on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.records import a_record
from tests.unit.deploy.transaction.grounds import a_ground
from workers.deploy.transaction.ground import Former
from workers.deploy.transaction.steps import Step
from workers.model.errors import Cancelled


def test_the_stage_has_the_project_under_its_live_name(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    assert (ground.staged.name, ground.staged.live) == ("a", ground.folders.live / "a")
    assert ground.staged.directory == ground.folders.stage / "a"


def test_what_is_deployed_says_where_it_comes_from(tmp_path: Path) -> None:
    assert a_ground(tmp_path).previous is None
    assert a_ground(tmp_path, record=a_record("c1")).previous == "c1"


def test_the_project_that_makes_room_is_its_own_too(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    former = Former("as project b", replace(ground.project, name="b"))
    assert ground.own_projects == {"a"}
    assert replace(ground, former=former).own_projects == {"a", "b"}
    assert replace(ground, former=Former("by worker w")).own_projects == {"a"}


def test_nobody_stops_the_way_back(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    ground.tools.stop.set()
    with pytest.raises(Cancelled), ground.tools.steps.step(Step.UP):
        pass
    back = ground.unstoppable()
    with back.tools.steps.step(Step.UP):
        assert not back.tools.stop.is_set()


@pytest.mark.parametrize(
    ("has_project", "expected"),
    [
        (True, "its containers there make room for the new ones, volumes stay"),
        (False, "what runs there is left as it is"),
    ],
)
def test_the_log_says_what_becomes_of_where_it_was(tmp_path: Path, has_project: bool, expected: str) -> None:
    former = Former("to x", a_ground(tmp_path).project if has_project else None)
    assert former.told == f"it was last deployed to x; {expected}"
