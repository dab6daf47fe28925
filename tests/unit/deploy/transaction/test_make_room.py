"""Which containers get another name before `up`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, running
from workers.deploy.containers.aside import name_aside
from workers.deploy.transaction.make_room import clear_away, make_room, moves_for, wanted_no_more
from workers.model.words import Action

WEB, OLD = a_container("web"), a_container("old")
ASIDE = a_container("old", "exited", name_aside(replace(OLD, id="0" * 64)))


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_to_go_stands_aside_where_orphans_go(tmp_path: Path, wanted: bool) -> None:
    ground = a_ground(tmp_path, options={"remove_orphans": wanted})
    work = a_work(ground, a_model(web={}), running(WEB, OLD), a_decision(old=Action.UP))
    moves = moves_for(work, work.before.listed)
    assert (moves.going, moves.yielding, moves.coming) == ([OLD] if wanted else [], [], {})


def test_a_stranger_in_the_project_stays(tmp_path: Path) -> None:
    work = a_work(a_ground(tmp_path), a_model(web={}), running(WEB, OLD))
    assert not moves_for(work, work.before.listed)


def test_a_name_that_moves_on_is_given_up(tmp_path: Path) -> None:
    model = a_model(web={"container_name": "b"}, new={"container_name": "a-web-1"})
    moves = moves_for(a_work(a_ground(tmp_path), model, running(WEB)), [WEB])
    assert (moves.yielding, moves.names["a-web-1"]) == ([WEB], "new")


def test_what_stands_aside_comes_back_when_it_is_wanted_again(tmp_path: Path) -> None:
    work = a_work(a_ground(tmp_path), a_model(web={}, old={}), running(WEB, aside=[ASIDE]))
    assert moves_for(work, work.before.listed).coming == {OLD.id: "a-old-1"}
    assert wanted_no_more(work, work.before.aside) == []


def test_the_engine_is_not_asked_where_nothing_moves_and_nothing_has(tmp_path: Path) -> None:
    said: list[str] = []
    work = a_work(a_ground(tmp_path, said=said), a_model(web={}), running(WEB))
    assert not make_room(work)
    clear_away(work, work.before)
    assert said == []
