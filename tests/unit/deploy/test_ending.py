"""How a deployment ended, where somebody has stopped it, and where its content was well before."""

from __future__ import annotations

import pytest

from workers.deploy.ending import Ending
from workers.model.words import Outcome


@pytest.mark.parametrize(
    ("ending", "outcome", "message"),
    [
        (Ending(Outcome.ROLLED_BACK, message="cancelled"), Outcome.CANCELLED, "cancelled, and back at the last good"),
        (Ending(Outcome.FAILED, message="cancelled"), Outcome.CANCELLED, "cancelled; there is nothing to go back to"),
        (Ending(Outcome.FAILED, message="it broke"), Outcome.FAILED, "it broke"),
    ],
)
def test_a_cancelled_one_says_where_it_is(ending: Ending, outcome: Outcome, message: str) -> None:
    done = ending.cancelled()
    assert done.outcome is outcome
    assert done.message.startswith(message)


@pytest.mark.parametrize(
    ("ending", "again"),
    [
        (Ending(Outcome.FAILED, hold=True), True),
        (Ending(Outcome.ROLLED_BACK, hold=True), True),
        (Ending(Outcome.INVALID, hold=True), False),
        (Ending(Outcome.DEPLOYED), False),
        (Ending(Outcome.BLOCKED), False),
    ],
)
def test_a_failure_of_content_that_was_well_is_tried_again(ending: Ending, again: bool) -> None:
    assert ending.of_what_was_well().again is again
