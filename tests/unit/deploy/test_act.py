"""What is done about a plan that touches no container."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.records import record_at
from workers.adapters.state.exclusion import exclusive
from workers.adapters.state.marks import HandedOver, Pin
from workers.adapters.state.results import StackResult
from workers.deploy.act import Holder, act, end, settle
from workers.deploy.observe import without_engine
from workers.deploy.observed import Observed, Request
from workers.deploy.plans import Remove, Rest, WriteFiles
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def seen(services: Services, stack: Stack) -> Observed:
    facts = services.state.facts([stack.id])[stack.id]
    found = without_engine(services, stack, Request(), NOW, deployed=None, facts=facts)
    return replace(found, journal=services.state.journal.load(stack.id))


def carried_out(services: Services, stack: Stack, plan: Rest | WriteFiles | Remove) -> StackResult:
    with exclusive(services.state, stack.id) as (lock, lease):
        return act(services, Holder(lock, lease, ()), seen(services, stack), plan, None)


def unchanged(stack: Stack, commit: str) -> Decision:
    return Decision(stack.id, Action.NONE, Reason.UNCHANGED, commit)


def test_rest_touches_nothing_and_says_why(services: Services, stack: Stack) -> None:
    paused = Decision(stack.id, Action.NONE, Reason.PAUSED, "c1", message="by me")
    done = carried_out(services, stack, Rest(paused))
    assert (done.reason, done.outcome, done.message) == (Reason.PAUSED, Outcome.SKIPPED, "by me")
    assert not services.live(stack).exists()


def test_a_stack_that_is_as_it_should_was_not_left_by_this_worker(services: Services, stack: Stack) -> None:
    services.state.journal.update(stack.id, left=HandedOver("nas", "keep", at="2026-11-23T11:22:33Z"))
    observed = seen(services, stack)
    assert observed.newest is not None
    plan = Rest(unchanged(stack, observed.newest))
    assert carried_out(services, stack, plan).outcome is Outcome.UNCHANGED
    assert services.state.journal.load(stack.id).left is None


@pytest.mark.parametrize("is_blocked", [False, True])
def test_files_are_written_unless_something_is_in_the_way(services: Services, stack: Stack, is_blocked: bool) -> None:
    commit = services.clone("r").resolve("main")
    snapshot = record_at(services, stack, commit).snapshot
    place = services.live(stack) / "a/compose.yaml"
    if is_blocked:
        place.parent.mkdir(parents=True)
        place.write_text("somebody's")
    done = carried_out(services, stack, WriteFiles(unchanged(stack, commit), snapshot))
    assert done.outcome is (Outcome.BLOCKED if is_blocked else Outcome.UNCHANGED)
    assert (place.read_text() == "somebody's") is is_blocked


@pytest.mark.parametrize("good", [True, False])
def test_a_rollback_by_hand_ends_as_a_pin_or_as_it_was(services: Services, stack: Stack, good: bool) -> None:
    commit, pins = services.clone("r").resolve("main"), services.state.pins
    pins.pin(stack.id, Pin(commit, "push", "me", id="p1"))
    observed = seen(services, stack)
    settle(services, observed, good=good)
    pin = pins.get(stack.id)
    assert (pin is not None and pin.reached) is good


def test_whoever_waits_is_told(services: Services, stack: Stack) -> None:
    decision = Decision(stack.id, Action.NONE, Reason.SUPERSEDED)
    assert end(services, (), decision).outcome is Outcome.SKIPPED
    assert end(services, (), decision, Outcome.SUPERSEDED).outcome is Outcome.SUPERSEDED
