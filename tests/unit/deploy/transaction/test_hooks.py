"""A stack's own programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_ground
from workers.deploy.transaction.hooks import run_failure_hooks, run_hooks
from workers.model.errors import CommandFailed
from workers.model.stack import Hooks


def test_a_hook_runs_in_the_project_directory_and_knows_what_it_is_for(tmp_path: Path) -> None:
    said: list[str] = []
    ground = a_ground(tmp_path, said=said)
    run_hooks(ground, "pre_deploy", [("sh", "-c", 'echo "$TEGU_STACK $TEGU_COMMIT $TEGU_ACTION"; pwd')])
    assert said[1:] == ["default/a new up", str(ground.live_directory)]


def test_the_first_that_fails_is_the_last(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="pre_deploy hook false"):
        run_hooks(a_ground(tmp_path), "pre_deploy", [("false",), ("touch", "there")])
    assert not (a_ground(tmp_path).live_directory / "there").exists()


def test_a_failure_hook_that_fails_changes_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    run_failure_hooks(a_ground(tmp_path, options={"hooks": Hooks(on_failure=(("false",),))}, said=said))
    assert "on_failure hook false" in said[-1]


def test_without_a_directory_there_is_nowhere_to_run_one(tmp_path: Path) -> None:
    said: list[str] = []
    ground = a_ground(tmp_path, options={"hooks": Hooks(on_failure=(("true",),))}, said=said)
    ground.live_directory.rmdir()
    run_failure_hooks(ground)
    assert said == ["the stack has no directory yet, so no on_failure hook is run"]
