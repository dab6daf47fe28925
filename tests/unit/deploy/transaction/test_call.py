"""How a project is called, now and again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.deploy.transaction.grounds import a_ground
from workers.deploy.transaction.call import call_of, live_project, project_from


def test_a_project_comes_back_from_its_call(tmp_path: Path) -> None:
    ground = a_ground(tmp_path, options={"variables": {"A": "1"}, "profiles": ("x",)})
    project = live_project(ground.stack, ground.snapshot, ground.folders)
    call = call_of(ground.stack, project, ground.folders.live)
    back = project_from(call, ground.stack, ground.folders.live)
    assert replace(back, asks_for=project.asks_for) == project


def test_a_project_knows_which_variables_its_files_ask_for(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    snapshot = replace(ground.snapshot, inputs={"variable:GOGC": None, "option:profiles": None})
    assert live_project(ground.stack, snapshot, ground.folders).asks_for == frozenset({"GOGC"})


def test_the_variables_of_then_count(tmp_path: Path) -> None:
    ground = a_ground(tmp_path, options={"variables": {"A": "1"}})
    call = call_of(ground.stack, ground.project, ground.folders.live)
    now = replace(ground.stack, options=replace(ground.stack.options, variables={"A": "2"}))
    assert project_from(call, now, ground.folders.live).environment["A"] == "1"


def test_what_lies_outside_the_stack_keeps_its_place(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    project = replace(ground.project, env_files=("/etc/x.env", str(ground.folders.live / "a/.env")))
    call = call_of(ground.stack, project, ground.folders.live)
    assert call.env_files == ("/etc/x.env", "a/.env")
    assert project_from(call, ground.stack, ground.folders.live).env_files == project.env_files
