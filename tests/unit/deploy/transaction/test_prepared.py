"""What a deployment finds out is handed on as values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, running
from workers.deploy.files.switch_plan import Do, Operation
from workers.deploy.transaction.prepared import mounted, written
from workers.model.words import Action, Entry

FILE = Entry(0o100644, "1")


@pytest.mark.parametrize(
    ("protected", "operations", "expected"),
    [
        (frozenset(), (), {"new"}),
        (frozenset({"old"}), (), {"new", "old"}),
        (frozenset({"old"}), (Operation(Do.REMOVE, "old"),), {"new"}),
        (frozenset({"folder/old"}), (Operation(Do.AWAY, "folder"),), {"new"}),
    ],
)
def test_what_is_mounted_stays_written_though_git_has_dropped_it_unless_it_had_to_go(
    protected: frozenset[str], operations: tuple[Operation, ...], expected: set[str]
) -> None:
    old = {"old": FILE, "folder/old": FILE, "new": FILE}
    assert written(old, {"new": FILE}, protected, operations).keys() == expected


def test_what_is_mounted_is_known_by_its_repository_path_staged_or_not(tmp_path: Path) -> None:
    folders = a_ground(tmp_path).folders
    binds = [{"type": "bind", "source": f"{root}/a/{root.name}"} for root in (folders.stage, folders.live, tmp_path)]
    model = a_model(web={"volumes": binds})
    assert mounted(model, folders) == {f"a/{folders.stage.name}", f"a/{folders.live.name}"}


def test_only_active_services_need_anything(tmp_path: Path) -> None:
    decision = a_decision(web=Action.UP, gone=Action.UP, db=Action.RESTART)
    work = a_work(a_ground(tmp_path), a_model(web={}, db={}), running(a_container()), decision)
    assert work.services_with(Action.UP) == {"web"}
    assert work.services_with(Action.UP, Action.RESTART) == {"web", "db"}
