"""Guessing tokens: a few tries a minute from one place."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import TooManyRequests

from app.http.guesses import MOST_WRONG, WINDOW_SECONDS, Guesses


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> Guesses:
    return Guesses(clock)


def fail(guesses: Guesses, address: str | None, times: int = MOST_WRONG) -> None:
    for _ in range(times):
        guesses.note_wrong(address)


def test_a_few_wrong_tokens_are_forgiven(guesses: Guesses) -> None:
    fail(guesses, "203.0.113.7", MOST_WRONG - 1)
    guesses.check("203.0.113.7")


def test_after_too_many_one_has_to_wait_and_is_told_how_long(guesses: Guesses, clock: Clock) -> None:
    fail(guesses, "203.0.113.7")
    clock.now = 20.0
    with pytest.raises(TooManyRequests) as told:
        guesses.check("203.0.113.7")
    assert told.value.retry_after == 41
    clock.now = WINDOW_SECONDS + 0.1
    guesses.check("203.0.113.7")
    guesses.note_wrong("203.0.113.7")
    guesses.check("203.0.113.7")


@pytest.mark.parametrize(
    ("guesser", "other", "refused"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        (None, "203.0.113.7", False),
        (None, None, True),
    ],
)
def test_others_need_not_wait(guesses: Guesses, guesser: str | None, other: str | None, refused: bool) -> None:
    fail(guesses, guesser)
    if not refused:
        guesses.check(other)
        return
    with pytest.raises(TooManyRequests):
        guesses.check(other)


def test_many_places_cost_no_memory(guesses: Guesses) -> None:
    fail(guesses, "203.0.113.7")
    for number in range(10_001):
        guesses.note_wrong(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    guesses.check("203.0.113.7")
    assert len(guesses._wrong) == 10_000
