"""What `up` misses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, details, running
from workers.deploy.containers.running import Running
from workers.deploy.transaction.after_up import complete, kept, signals, untouched
from workers.model.errors import CommandFailed
from workers.model.words import Action, ServiceDecision

WEB, DB = a_container("web"), a_container("db")
BEFORE = running(WEB, DB)
RESTARTED = Running((details(WEB, "2"), details(DB)))
REPLACED = running(replace(WEB, id="id-web-2"), DB)


@pytest.mark.parametrize(
    ("now", "untouched_then", "kept_then"),
    [(BEFORE, {"web"}, {"web"}), (RESTARTED, set(), {"web"}), (REPLACED, set(), set()), (running(DB), set(), set())],
)
def test_a_container_is_untouched_until_it_is_started_again_and_kept_until_it_is_replaced(
    tmp_path: Path, now: Running, untouched_then: set[str], kept_then: set[str]
) -> None:
    work = a_work(a_ground(tmp_path), a_model(web={}, db={}), BEFORE)
    assert (untouched(work, now, {"web"}), kept(work, now, {"web"})) == (untouched_then, kept_then)


@pytest.mark.parametrize("action", [Action.RECREATE, Action.RESTART])
def test_what_up_has_replaced_needs_nothing_more(tmp_path: Path, action: Action) -> None:
    said: list[str] = []
    work = a_work(a_ground(tmp_path, said=said), a_model(web={}, db={}), BEFORE, a_decision(web=action))
    assert complete(work, REPLACED) == REPLACED
    assert said == []
    with pytest.raises(CommandFailed):  # it is asked for; no Compose answers here
        complete(work, BEFORE)
    assert said[0].startswith("$ docker compose ")


def test_what_somebody_stopped_is_not_restarted(tmp_path: Path) -> None:
    before = Running((details(replace(WEB, state="exited"), code=137, policy="always"),))
    work = a_work(a_ground(tmp_path), a_model(web={}), before, a_decision(web=Action.RESTART))
    assert complete(work, before) == before


def test_services_get_their_signals_together(tmp_path: Path) -> None:
    decision = a_decision(web=Action.SIGNAL, db=Action.SIGNAL)
    decision = replace(decision, services={**decision.services, "x": ServiceDecision(Action.SIGNAL, signal="USR1")})
    work = a_work(a_ground(tmp_path), a_model(web={}, db={}, x={}), BEFORE, decision)
    assert signals(work) == {"HUP": {"web", "db"}, "USR1": {"x"}}
