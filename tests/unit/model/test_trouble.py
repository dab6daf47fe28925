"""What an ending says about a stack's trouble."""

from __future__ import annotations

import pytest

from workers.model.trouble import Effect, verdict
from workers.model.words import Outcome, Reason


@pytest.mark.parametrize(
    ("outcome", "reason", "effect"),
    [
        (Outcome.DEPLOYED, Reason.CONTENT_CHANGED, Effect.WELL),
        (Outcome.UNCHANGED, Reason.UNCHANGED, Effect.WELL),
        (Outcome.REMOVED, Reason.REMOVED, Effect.WELL),
        (Outcome.DEPLOYED, Reason.DRIFTED, Effect.HEALED),
        (Outcome.FAILED, Reason.CONTENT_CHANGED, Effect.TROUBLE),
        (Outcome.ROLLED_BACK, Reason.CONTENT_CHANGED, Effect.TROUBLE),
        (Outcome.BLOCKED, Reason.MOVED, Effect.TROUBLE),
        (Outcome.INVALID, Reason.INVALID, Effect.TROUBLE),
        (Outcome.SKIPPED, Reason.FAILED_BEFORE, Effect.TROUBLE),
        (Outcome.SKIPPED, Reason.OBSTRUCTED, Effect.TROUBLE),
        (Outcome.SKIPPED, Reason.BLOCKED, Effect.TROUBLE),
        (Outcome.SKIPPED, Reason.PAUSED, Effect.NONE),
        (Outcome.SKIPPED, Reason.SELF, Effect.NONE),
        (Outcome.CANCELLED, Reason.CONTENT_CHANGED, Effect.NOTED),
        (Outcome.SUPERSEDED, Reason.SUPERSEDED, Effect.NONE),
    ],
)
def test_an_ending_says_whether_there_is_trouble(outcome: Outcome, reason: Reason, effect: Effect) -> None:
    assert verdict(outcome, reason, "c1", "why").effect is effect


def mark(outcome: Outcome, content: str = "c1", message: str = "why", reason: Reason | None = None) -> str:
    return verdict(outcome, reason, content, message).mark


def test_content_that_fails_has_one_mark_whatever_is_said_of_it() -> None:
    failed = mark(Outcome.FAILED)
    assert failed == mark(Outcome.ROLLED_BACK, message="else") == mark(Outcome.CANCELLED)
    assert failed == mark(Outcome.SKIPPED, message="else", reason=Reason.FAILED_BEFORE)
    assert failed == verdict(Outcome.DEPLOYED, Reason.DRIFTED, "c1", "").mark
    assert failed != mark(Outcome.FAILED, "c2")


def test_what_is_known_by_its_words_alone_is_the_same_but_for_times_and_ids() -> None:
    assert mark(Outcome.FAILED, "", "port 8001 is taken") == mark(Outcome.FAILED, "", "port 8002 is taken")
    assert mark(Outcome.FAILED, "", "port 8001 is taken") != mark(Outcome.FAILED, "", "disk full")


def test_what_is_invalid_or_blocked_is_the_same_for_the_same_content_and_words() -> None:
    for outcome in (Outcome.INVALID, Outcome.BLOCKED):
        assert mark(outcome, message="line 3") == mark(outcome, message="line 3")
        assert mark(outcome, message="line 3") != mark(outcome, message="line 4")
        assert mark(outcome, message="line 3") != mark(outcome, "c2", message="line 3")
    assert mark(Outcome.INVALID) != mark(Outcome.BLOCKED)


def test_a_mark_gives_nothing_away() -> None:
    assert "hunter2" not in mark(Outcome.INVALID, message="hunter2 is no port")
