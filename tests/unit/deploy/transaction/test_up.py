"""Which services `up` is going to be told of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, details, running
from workers.deploy.containers.running import Running
from workers.deploy.transaction.up import bring_up, take_down, to_touch
from workers.model.errors import CommandFailed
from workers.model.words import Action, Decision, Reason

WEB, DB = a_container("web"), a_container("db")
BOTH = running(WEB, DB)
STOPPED = Running((details(WEB), details(replace(DB, state="exited"), code=137)))


@pytest.mark.parametrize(
    ("decision", "before", "expected"),
    [
        (a_decision(web=Action.UP), BOTH, {"web"}),
        (a_decision(web=Action.RESTART), BOTH, set()),
        (a_decision(web=Action.RECREATE), BOTH, {"web"}),
        (a_decision(Reason.DRIFTED, web=Action.UP), BOTH, {"web"}),
        (a_decision(web=Action.UP), running(WEB), {"web", "db"}),
        (a_decision(web=Action.UP), STOPPED, {"web"}),
        (a_decision(Reason.RETRIED, web=Action.UP), STOPPED, {"web", "db"}),
        (a_decision(Reason.FIRST_DEPLOY), running(), {"web", "db"}),
    ],
)
def test_what_changed_and_what_does_not_run_although_it_should(
    tmp_path: Path, decision: Decision, before: Running, expected: set[str]
) -> None:
    ground = a_ground(tmp_path, options={"drift": "report"})
    assert to_touch(a_work(ground, a_model(web={}, db={}), before, decision)) == expected


def test_what_joins_a_network_that_is_made_anew_comes_along(tmp_path: Path) -> None:
    model = a_model(web={"networks": {"n": None}}, db={"networks": {"m": None}})
    decision = replace(a_decision(), networks=("n",))
    assert to_touch(a_work(a_ground(tmp_path), model, BOTH, decision)) == {"web"}


def test_where_nothing_is_needed_neither_compose_nor_the_engine_is_asked(tmp_path: Path) -> None:
    said: list[str] = []
    work = a_work(a_ground(tmp_path, said=said), a_model(web={}, db={}), BOTH)
    brought = bring_up(work, set())
    assert (brought.services, brought.running) == (frozenset(), BOTH)
    assert said == ["[up]", "[what up misses]"]


def test_a_project_whose_files_have_gone_is_taken_down_by_its_labels(tmp_path: Path) -> None:
    said: list[str] = []
    ground = a_ground(tmp_path, said=said)
    with pytest.raises(CommandFailed):  # no Compose answers here
        take_down(ground, replace(ground.project, files=("/gone",)))
    assert said[1].startswith("$ DOCKER_HOST=unix:///nowhere docker compose -p a down")
