"""How the steps after the switch end, as far as no engine has to answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, running, steps_of
from workers.deploy.transaction.apply import Failure, apply, wait
from workers.deploy.transaction.ground import Ground
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.make_ready import Unhealthy
from workers.deploy.transaction.prepared import Prepared
from workers.deploy.transaction.steps import Step
from workers.deploy.transaction.up import BroughtUp
from workers.model.errors import EngineUnavailable
from workers.model.stack import Hooks
from workers.model.words import Action

BEFORE = running(a_container("web"))


def prepared(ground: Ground, *, is_resumed: bool = False) -> Prepared:
    work = a_work(ground, a_model(web={}), BEFORE)
    return Prepared(work, ground.snapshot, {}, (), {}, is_resumed=is_resumed)


@pytest.mark.parametrize("is_resumed", [False, True])
def test_a_hook_that_fails_first_has_touched_nothing_unless_something_was_touched_before(
    tmp_path: Path, is_resumed: bool
) -> None:
    said: list[str] = []
    ground = a_ground(tmp_path, options={"hooks": Hooks(pre_deploy=(("/nowhere/hook",),))}, said=said)
    ground.tools.stop.set()  # the step itself does not begin
    ready = prepared(ground, is_resumed=is_resumed)
    failure = apply(ready, Intent.of(ready))
    assert isinstance(failure, Failure)
    assert (failure.is_applied, failure.made_anew, steps_of(said)) == (is_resumed, frozenset(), [Step.BEFORE])
    assert failure.problem == said[-1] == "the deployment was cancelled"


def test_an_engine_that_is_away_is_no_failure(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    ready = Prepared(
        a_work(ground, a_model(web={}, db={}), BEFORE, a_decision(web=Action.NONE)), ground.snapshot, {}, (), {}
    )
    with pytest.raises(EngineUnavailable):  # all that Compose has to do is nothing, and then somebody looks
        apply(ready, Intent.of(ready))


def test_where_nothing_was_started_nobody_waits(tmp_path: Path) -> None:
    work = a_work(a_ground(tmp_path), a_model(web={}), BEFORE)
    wait(work, BroughtUp(frozenset(), BEFORE))
    with pytest.raises(EngineUnavailable):  # one that is missing is waited for
        wait(a_work(a_ground(tmp_path), a_model(web={}, db={}), BEFORE), BroughtUp(None, BEFORE))


def test_the_way_back_of_an_interrupted_attempt_knows_why(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    failure = Failure.again(ground, Intent.of(prepared(ground)).done().turned("it broke"))
    assert (failure.problem, failure.is_applied, failure.written) == ("it broke", True, ground.new)


def test_what_is_not_well_is_told_as_it_was_found() -> None:
    assert str(Unhealthy("web: is dead")) == "web: is dead"
