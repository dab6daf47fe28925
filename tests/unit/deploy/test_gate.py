"""Whether a decision may be carried out now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workers.adapters.state.status import StackFacts
from workers.changes.snapshot import Snapshot
from workers.deploy.gate import disturbed, gated, held, is_done, outcome_of
from workers.model.stack import Options, Stack
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SNAPSHOT = Snapshot("c", "a", 1, {}, {}, {}, {}, {}, {}, {}, {}, {})
STACK = Stack("default", "a", "r", "a", "main", "local", "unix:///d", "a", Options())
CHANGED = Decision(
    "default/a", Action.UP, Reason.CONTENT_CHANGED, "c", services={"web": ServiceDecision(Action.UP)}, removed=("old",)
)


def gate(stack: Stack = STACK, *, asked: bool = False, decision: Decision = CHANGED, **marks: Any) -> Decision:
    return gated(decision, SNAPSHOT, stack, StackFacts("default/a", **marks), NOW, asked=asked)


HELD = {"fingerprint": SNAPSHOT.fingerprint, "why": "it crashed"}


def test_nothing_in_the_way_lets_it_pass() -> None:
    assert gate() is CHANGED


@pytest.mark.parametrize(
    ("marks", "reason", "message"),
    [
        ({"pause": {"why": "holidays"}}, Reason.PAUSED, "paused: holidays"),
        ({"pin": {"commit": "c1", "until": "release"}}, Reason.PINNED, "pinned to c1"),
        ({"hold": HELD}, Reason.FAILED_BEFORE, "it crashed"),
        ({"hold": {**HELD, "retry_at": "2026-11-23T12:00:01+00:00"}}, Reason.FAILED_BEFORE, "it crashed"),
    ],
)
def test_marks_stand_in_the_way(marks: dict[str, Any], reason: Reason, message: str) -> None:
    decision = gate(**marks)
    assert (decision.action, decision.reason, decision.message) == (Action.NONE, reason, message)
    assert (decision.services, decision.removed) == ({}, ())
    assert outcome_of(decision) is Outcome.SKIPPED


def test_a_stack_paused_by_option_is_left_alone() -> None:
    assert gate(replace(STACK, options=Options(paused=True))).reason is Reason.PAUSED


def test_another_fingerprint_is_not_held() -> None:
    assert gate(hold={"fingerprint": "other"}) is CHANGED


def test_what_failed_to_be_healed_is_held_beside_what_is_newest() -> None:
    both = {"fingerprint": "newest", "why": "it is newer", "beside": HELD}
    decision = gate(hold=both)
    assert (decision.reason, decision.message) == (Reason.FAILED_BEFORE, "it crashed")
    assert held(both, "newest") == both
    assert held(both, "other") is None
    assert held(None, None) is None


def test_a_hold_ends_when_its_time_has_come() -> None:
    assert gate(hold={**HELD, "retry_at": "2026-11-23T12:00:00+00:00"}) is CHANGED


def test_whoever_asks_retries_what_is_held_and_passes_a_pin() -> None:
    assert gate(asked=True, hold=HELD).reason is Reason.RETRIED
    assert gate(asked=True, pin={"commit": "c1", "until": "release"}) is CHANGED
    forced = replace(CHANGED, reason=Reason.FORCED)
    assert gate(asked=True, decision=forced, hold=HELD) is forced


def test_nobody_passes_a_pause() -> None:
    assert gate(asked=True, pause={"why": ""}).message == "paused: by option"


def test_what_compose_refused_stays_invalid() -> None:
    decision = gate(hold={**HELD, "invalid": True})
    assert (decision.reason, decision.message, outcome_of(decision)) == (Reason.INVALID, "it crashed", Outcome.INVALID)


def test_an_invalid_decision_is_invalid_whatever_the_marks() -> None:
    invalid = Decision("default/a", Action.NONE, Reason.INVALID, "c")
    assert gate(decision=invalid, pause={"why": "x"}) is invalid


def test_the_stronger_action_wins_when_something_was_disturbed() -> None:
    actions = {"web": Action.RESTART, "db": Action.SIGNAL}
    decision = disturbed(CHANGED, actions, Reason.INTERRUPTED)
    assert {name: each.action for name, each in decision.services.items()} == {
        "web": Action.UP,
        "db": Action.RESTART,
    }
    assert (decision.action, decision.reason) == (Action.UP, Reason.INTERRUPTED)


def test_only_an_unchanged_fingerprint_is_done() -> None:
    unchanged = Decision("default/a", Action.NONE, Reason.UNCHANGED, "c")
    assert is_done(unchanged, SNAPSHOT, SNAPSHOT.fingerprint)
    assert not is_done(unchanged, SNAPSHOT, "other")
    assert not is_done(CHANGED, SNAPSHOT, SNAPSHOT.fingerprint)
    assert not is_done(unchanged, None, None)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.UNCHANGED, Outcome.UNCHANGED),
        (Reason.INVALID, Outcome.INVALID),
        (Reason.MOVED, Outcome.BLOCKED),
        (Reason.BLOCKED, Outcome.BLOCKED),
        (Reason.STOPPED, Outcome.SKIPPED),
    ],
)
def test_reasons_have_outcomes(reason: Reason, outcome: Outcome) -> None:
    assert outcome_of(Decision("default/a", Action.NONE, reason)) is outcome
