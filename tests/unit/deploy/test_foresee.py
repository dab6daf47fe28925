"""What is said of the next look is what the look decides, also where its engine does not answer."""

from __future__ import annotations

from tests.records import record_at
from workers.catalog.stacks import Planned
from workers.deploy.foresee import foresee
from workers.model.stack import Stack
from workers.model.words import Action, Reason
from workers.services import Services


def said(services: Services, stack: Stack) -> tuple[Action, Reason]:
    commit = services.clone("r").resolve("main")
    (decision,) = foresee(services, [Planned(stack, commit)], surveys=False)
    assert decision.commit == commit
    return decision.action, decision.reason


def test_a_stack_that_was_never_deployed_will_be(services: Services, stack: Stack) -> None:
    assert said(services, stack) == (Action.UP, Reason.FIRST_DEPLOY)


def test_one_that_is_paused_will_be_left_alone(services: Services, stack: Stack) -> None:
    services.state.pauses.pause(stack.id, "me")
    assert said(services, stack) == (Action.NONE, Reason.PAUSED)


def test_one_that_is_as_it_should_stays_so(services: Services, stack: Stack) -> None:
    record = record_at(services, stack, services.clone("r").resolve("main"))
    services.state.records.put(stack.id, record, 1)
    assert said(services, stack) == (Action.NONE, Reason.UNCHANGED)
