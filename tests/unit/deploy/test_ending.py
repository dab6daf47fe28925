"""How a deployment ended, where somebody has stopped it."""

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
