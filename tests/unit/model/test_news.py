"""What is news, and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.model.news import Due, Ended, concerns, due
from workers.model.secret import Secret
from workers.model.stack import Receiver
from workers.model.words import News, Outcome, Reason

STACK = "production/web"
USUAL = frozenset(News) - {News.DEPLOYED}


def receiver(*news: News, stacks: tuple[str, ...] = ()) -> Receiver:
    return Receiver("notify[0]", 1, Secret("json://h"), frozenset(news) or USUAL, stacks)


def ended(outcome: Outcome, message: str = "", fingerprint: str | None = None, told: str = "") -> Ended:
    return Ended(STACK, "r1", outcome, message, "d1", fingerprint=fingerprint, told=told)


FAILED = ended(Outcome.FAILED, "web: keeps crashing, last exit code 3", "f1")


def after(first: Ended, then: Ended, *who: Receiver) -> Due | None:
    """What follows from the second ending when the first one was told."""
    told = due(first, who or [receiver()])
    assert told is not None
    return due(replace(then, told=told.told), who or [receiver()])


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.bad])
def test_every_bad_outcome_is_told(outcome: Outcome) -> None:
    found = due(ended(outcome, "why"), [receiver()])
    assert found is not None
    assert found.news is News(outcome)


AGAIN = {
    "another outcome": ended(Outcome.ROLLED_BACK, FAILED.message, "f1"),
    "other content": replace(FAILED, fingerprint="f2"),
    "another message": replace(FAILED, message="web: is unhealthy"),
}


@pytest.mark.parametrize("then", AGAIN.values(), ids=AGAIN)
def test_what_is_new_about_it_is_told(then: Ended) -> None:
    found = after(FAILED, then)
    assert found is not None
    assert found.news is News(then.outcome)


KNOWN = {
    "the very same": (FAILED, FAILED),
    "a look that deploys nothing": (FAILED, replace(FAILED, fingerprint=None)),
    "another attempt, with other times and ids": (
        ended(Outcome.FAILED, "build: #7 0.312 in 3f2a9c01 failed", "f1"),
        ended(Outcome.FAILED, "build: #9 0.298 in 88ab00c1 failed", "f1"),
    ),
    "invalid, with another stack's push": (
        ended(Outcome.INVALID, "compose.yaml:4: no image"),
        replace(ended(Outcome.INVALID, "compose.yaml:4: no image"), run="r2"),
    ),
}


@pytest.mark.parametrize(("first", "then"), KNOWN.values(), ids=KNOWN)
def test_the_same_is_not_told_again(first: Ended, then: Ended) -> None:
    assert after(first, then) is None


def test_a_mistake_in_another_line_is_another_mistake() -> None:
    found = after(
        ended(Outcome.INVALID, "compose.yaml:4: no image"), ended(Outcome.INVALID, "compose.yaml:5: no image")
    )
    assert found is not None
    assert found.news is News.INVALID


@pytest.mark.parametrize("outcome", [Outcome.DEPLOYED, Outcome.UNCHANGED])
def test_that_all_is_well_again_is_told_and_forgotten(outcome: Outcome) -> None:
    assert after(FAILED, ended(outcome)) == Due(News.RECOVERED, "")


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.CANCELLED, Outcome.SUPERSEDED])
def test_what_says_nothing_about_the_stack_leaves_it_bad(outcome: Outcome) -> None:
    assert after(FAILED, ended(outcome)) is None


def test_a_stack_that_is_healed_at_its_last_good_version_has_not_recovered_from_what_is_newest() -> None:
    healed = replace(ended(Outcome.DEPLOYED, fingerprint="f0"), reason=Reason.DRIFTED)
    assert after(FAILED, healed) is None
    assert after(FAILED, replace(healed, fingerprint="f1")) == Due(News.RECOVERED, "")
    found = after(FAILED, healed, receiver(News.FAILED, News.DEPLOYED))
    assert found is not None
    assert (found.news, bool(found.told)) == (News.DEPLOYED, True)


def test_a_stack_that_is_gone_has_not_recovered() -> None:
    assert after(FAILED, ended(Outcome.REMOVED)) == Due(None, "")


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if not outcome.bad])
def test_what_was_never_bad_is_no_news(outcome: Outcome) -> None:
    assert due(ended(outcome), [receiver()]) is None


def test_deployments_are_told_to_whoever_asks_for_them() -> None:
    assert due(ended(Outcome.DEPLOYED), [receiver(News.DEPLOYED)]) == Due(News.DEPLOYED, "")
    assert due(ended(Outcome.UNCHANGED), [receiver(News.DEPLOYED)]) is None


def test_nobody_recovers_from_what_nobody_was_told() -> None:
    assert due(FAILED, [receiver(News.INVALID, News.RECOVERED)]) is None
    assert due(FAILED, []) is None


def test_bad_news_are_forgotten_even_if_nobody_wants_to_hear_of_the_end() -> None:
    assert after(FAILED, ended(Outcome.DEPLOYED), receiver(News.FAILED)) == Due(None, "")


@pytest.mark.parametrize(
    ("globs", "subject", "heard"),
    [
        ((), STACK, True),
        (("production/*",), STACK, True),
        (("*/web", "*/db"), STACK, True),
        (("staging/*",), STACK, False),
        (("production/we",), STACK, False),
        (("staging/*",), "homelab", True),
    ],
)
def test_patterns_say_which_stacks_concern_a_receiver(globs: tuple[str, ...], subject: str, heard: bool) -> None:
    assert concerns(receiver(stacks=globs), subject) is heard
    assert (due(replace(FAILED, subject=subject), [receiver(stacks=globs)]) is not None) is heard
