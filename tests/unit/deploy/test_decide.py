"""What would bring a stack to where it is to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.deploy.observations import (
    CHANGED,
    FORCED,
    INVALID,
    NEW,
    OLD,
    RECORD,
    STACK,
    UNCHANGED,
    Content,
    a_container,
    an_intent,
    observed,
    with_options,
)
from workers.adapters.state.journal import JournalEntry
from workers.adapters.state.marks import HandedOver, Pin, Removed
from workers.deploy.decide import decide
from workers.deploy.heritage import Heritage
from workers.deploy.lost import Lost
from workers.deploy.plans import CarryOver, Deploy, Recover, Remove, Rest, TakeBack, WriteFiles
from workers.deploy.sight import Change
from workers.deploy.target import At, NoRef, OutOfReach
from workers.deploy.transaction.after_kill import Interrupted
from workers.model.words import Action, Outcome, Reason

PIN = Pin("old", "release", "me", reached=True)
ORDER = replace(PIN, reached=False)
STOPPED = JournalEntry(removed=Removed("gone", done="stop"))
LEFT = JournalEntry(left=HandedOver("other", "down"))
KEPT = JournalEntry(removed=Removed("gone", done="keep"))
SAME = Content(replace(UNCHANGED), OLD)


@pytest.mark.parametrize(
    ("fields", "content", "kind", "reason", "services"),
    [
        pytest.param({}, SAME, Rest, Reason.UNCHANGED, {}, id="unchanged"),
        pytest.param({}, Content(), WriteFiles, Reason.UNCHANGED, {}, id="files that reach no service"),
        pytest.param(
            {"deployed": replace(RECORD, repo="other")}, SAME, WriteFiles, Reason.UNCHANGED, {}, id="another repo"
        ),
        pytest.param({}, Content(CHANGED), Deploy, Reason.CONTENT_CHANGED, {"web": "up"}, id="changed"),
        pytest.param({"deployed": None}, Content(CHANGED), Deploy, Reason.CONTENT_CHANGED, {"web": "up"}, id="first"),
        pytest.param({}, Content(INVALID, None), Rest, Reason.INVALID, {}, id="invalid"),
        pytest.param(
            {"interrupted": Interrupted(an_intent())},
            Content(CHANGED),
            Deploy,
            Reason.INTERRUPTED,
            {"web": "up"},
            id="interrupted at this very content",
        ),
        pytest.param(
            {"interrupted": Interrupted(None, {"db": Action.SIGNAL})},
            SAME,
            Deploy,
            Reason.INTERRUPTED,
            {"db": "restart"},
            id="left otherwise by an earlier attempt",
        ),
        pytest.param({"journal": STOPPED}, SAME, Deploy, Reason.FIRST_DEPLOY, {}, id="returned"),
        pytest.param({"journal": LEFT}, SAME, Deploy, Reason.FIRST_DEPLOY, {}, id="returned from another worker"),
        pytest.param({"journal": KEPT}, SAME, Rest, Reason.UNCHANGED, {}, id="gone and kept, and here again"),
        pytest.param(
            {"stack": replace(STACK, project="b"), "deployed": replace(RECORD, project="a")},
            SAME,
            Deploy,
            Reason.OPTIONS_CHANGED,
            {},
            id="another project",
        ),
        pytest.param(
            {"deployed": replace(RECORD, docker_host="tcp://gone")},
            SAME,
            Deploy,
            Reason.OPTIONS_CHANGED,
            {},
            id="engine",
        ),
        pytest.param({"drift": {"web": Action.UP}}, SAME, Deploy, Reason.DRIFTED, {"web": "up"}, id="drifted"),
        pytest.param(
            {"drift": {"web": Action.RECREATE}},
            Content(CHANGED),
            Deploy,
            Reason.CONTENT_CHANGED,
            {"web": "up"},
            id="changed beside drift",
        ),
        pytest.param({"drift": {"web": Action.UP}}, Content(INVALID, None), Rest, Reason.INVALID, {}, id="both"),
        pytest.param(
            {"containers": (a_container(),), "images": {"id-web": "web:1"}},
            Content(images={"web": "web:2"}),
            Deploy,
            Reason.DRIFTED,
            {"web": "recreate"},
            id="an image that the files do not name",
        ),
        pytest.param(
            {"containers": (a_container(),), "images": {"id-web": "web:1"}},
            Content(images={"web": "web:1"}),
            WriteFiles,
            Reason.UNCHANGED,
            {},
            id="the image that the files name",
        ),
        pytest.param({"target": At("new", PIN), "has_folder": False}, SAME, Rest, Reason.UNCHANGED, {}, id="pinned"),
    ],
)
def test_what_would_have_to_be_done(
    fields: dict[str, Any], content: Content, kind: type, reason: Reason, services: dict[str, str]
) -> None:
    plan = decide(observed(**fields), content).plan
    assert isinstance(plan, kind)
    assert isinstance(plan, Rest | WriteFiles | Deploy)
    assert plan.decision.reason is reason
    assert {name: str(each.action) for name, each in plan.decision.services.items()} == services


def test_what_is_lost_is_written_down_first() -> None:
    lost = Lost(RECORD, {})
    assert decide(observed(lost=lost, interrupted=Interrupted(an_intent(switched=False))), SAME).plan == Recover(lost)


@pytest.mark.parametrize(
    ("intent", "content", "fields"),
    [
        pytest.param(an_intent(switched=False), Content(CHANGED), {}, id="its switch was not completed"),
        pytest.param(an_intent(OLD), Content(CHANGED), {}, id="something else is wanted by now"),
        pytest.param(an_intent(), Content(INVALID, None), {}, id="what is wanted is invalid"),
        pytest.param(an_intent(), Content(CHANGED), {"request": FORCED}, id="all is to be made anew"),
        pytest.param(an_intent(switched=False), SAME, {"target": NoRef()}, id="the ref is gone"),
    ],
)
def test_an_interrupted_attempt_is_given_up(intent: Any, content: Content, fields: dict[str, Any]) -> None:
    plan = decide(observed(interrupted=Interrupted(intent), **fields), content).plan
    assert plan == TakeBack(intent)


def test_an_interrupted_attempt_takes_its_networks_along() -> None:
    plan = decide(observed(interrupted=Interrupted(an_intent(), networks=("front",))), Content(CHANGED)).plan
    assert isinstance(plan, Deploy)
    assert plan.decision.networks == ("back",)
    plan = decide(observed(interrupted=Interrupted(None, {"web": Action.UP}, networks=("front",))), SAME).plan
    assert isinstance(plan, Deploy)
    assert plan.decision.networks == ("front",)


def test_a_deployed_stack_whose_folder_is_gone_is_removed() -> None:
    stack = with_options(when_removed="stop")
    plan = decide(observed(stack=stack, has_folder=False), SAME).plan
    assert plan == Remove("stop", "a is gone from r")
    fresh = decide(observed(has_folder=False, deployed=None), Content(INVALID, None)).plan
    assert fresh == Rest(INVALID)


def test_without_a_ref_nothing_is_known() -> None:
    plan = decide(observed(target=NoRef(), newest=None), SAME).plan
    assert isinstance(plan, Rest)
    assert (plan.decision.reason, plan.decision.commit) == (Reason.INVALID, None)
    assert "no branch or tag 'main'" in plan.decision.message


def test_a_rollback_out_of_reach_fails_and_one_that_was_done_stands() -> None:
    ordered = decide(observed(target=OutOfReach(ORDER, "no such commit")), SAME).plan
    assert isinstance(ordered, Rest)
    assert (ordered.outcome, ordered.decision.reason) == (Outcome.FAILED, Reason.ROLLBACK)
    assert ordered.decision.message == "no such commit"
    done = decide(observed(target=OutOfReach(PIN, "no such commit")), SAME).plan
    assert isinstance(done, Rest)
    assert (done.outcome, done.decision.reason) == (None, Reason.PINNED)


@pytest.mark.parametrize(
    ("fields", "at_deployed"),
    [
        pytest.param({}, Change(UNCHANGED, OLD), id="nothing has drifted"),
        pytest.param({"drift": {"web": Action.UP}}, None, id="its commit is gone"),
        pytest.param({"drift": {"web": Action.UP}}, Change(CHANGED, OLD), id="it is not as it was deployed"),
        pytest.param({"drift": {"web": Action.UP}}, Change(INVALID, None), id="it is invalid by now"),
        pytest.param(
            {"interrupted": Interrupted(None, {"db": Action.UP}), "stack": with_options(rollback=False)},
            Change(UNCHANGED, OLD),
            id="nobody wants back what an attempt has left",
        ),
    ],
)
def test_what_is_deployed_is_not_brought_back(fields: dict[str, Any], at_deployed: Change | None) -> None:
    assert decide(observed(**fields), Content(CHANGED, at_deployed=at_deployed)).healing is None


def test_what_an_attempt_has_left_is_brought_back_together_with_what_has_drifted() -> None:
    left = Interrupted(None, {"db": Action.BUILD, "web": Action.UP}, networks=("n",))
    healing = decide(observed(drift={"web": Action.RECREATE}, interrupted=left), Content(CHANGED)).healing
    assert healing is not None
    assert {name: each.action for name, each in healing.decision.services.items()} == {
        "db": Action.UP,
        "web": Action.RECREATE,
    }
    assert (healing.decision.reason, healing.decision.networks) == (Reason.DRIFTED, ("n",))


def test_what_is_deployed_can_be_brought_back_while_something_newer_is_not_tried() -> None:
    healing = decide(observed(drift={"web": Action.RECREATE}), Content(INVALID, None)).healing
    assert healing is not None
    assert (healing.decision.reason, healing.snapshot) == (Reason.DRIFTED, OLD)
    assert healing.decision.services["web"].action is Action.RECREATE
    assert NEW.commit != healing.decision.commit


@pytest.mark.parametrize(
    ("heritage", "fields", "goes_on"),
    [
        pytest.param(Heritage(("prod/old",), goes_on=True), {}, True, id="it is the same"),
        pytest.param(Heritage(("prod/old",)), {}, False, id="it may be the same"),
        pytest.param(Heritage(("prod/old",), goes_on=True), {"has_folder": False}, False, id="there is no folder yet"),
        pytest.param(
            Heritage(("prod/old",), goes_on=True),
            {"journal": JournalEntry(carried=("prod/old", "old")), "target": NoRef()},
            True,
            id="it has begun, whatever has come since",
        ),
    ],
)
def test_a_stack_goes_on_with_what_it_was_under_another_name(
    heritage: Heritage, fields: dict[str, Any], goes_on: bool
) -> None:
    plan = decide(observed(deployed=None, heritage=heritage, **fields), Content(CHANGED)).plan
    assert (plan == CarryOver("prod/old")) == goes_on
