"""What it means that a deployment did not come to its switch."""

from __future__ import annotations

import pytest

from workers.deploy.containers.obstacles import Obstructed
from workers.deploy.transaction.images import Lacking
from workers.deploy.transaction.moved_data import MovedData
from workers.deploy.transaction.prepare import OwnProject
from workers.deploy.transaction.refusal import REFUSALS, refusal
from workers.model.errors import BlockedStack, Cancelled, CommandFailed, EngineUnavailable, InvalidStack
from workers.model.words import Outcome, Reason

FAILED = CommandFailed("docker compose build", 1, "no")


@pytest.mark.parametrize(
    ("error", "outcome", "reason", "hold", "again"),
    [
        (Cancelled("x"), Outcome.CANCELLED, None, True, False),
        (OwnProject("a"), Outcome.SKIPPED, Reason.SELF, False, False),
        (MovedData("x"), Outcome.BLOCKED, Reason.MOVED, False, False),
        (BlockedStack("x"), Outcome.BLOCKED, Reason.BLOCKED, False, False),
        (InvalidStack("x"), Outcome.INVALID, Reason.INVALID, True, False),
        *((each, Outcome.FAILED, None, True, True) for each in (FAILED, Lacking("x"), OSError("x"))),
        (Obstructed("x", "y"), Outcome.FAILED, Reason.OBSTRUCTED, True, True),
    ],
)
def test_every_refusal_has_its_ending(
    error: Exception, outcome: Outcome, reason: Reason | None, hold: bool, again: bool
) -> None:
    assert isinstance(error, REFUSALS)
    ending = refusal(error, is_stopped=False)
    assert (ending.outcome, ending.reason, ending.hold, ending.again) == (outcome, reason, hold, again)
    assert ending.message == (
        str(error) if outcome is not Outcome.CANCELLED else "cancelled before anything was touched"
    )


def test_a_command_that_was_ended_for_a_cancellation_is_that_cancellation() -> None:
    assert refusal(FAILED, is_stopped=True) == refusal(Cancelled("x"), is_stopped=True)
    assert refusal(BlockedStack("x"), is_stopped=True).outcome is Outcome.BLOCKED


def test_an_engine_that_is_away_refuses_nothing() -> None:
    assert not isinstance(EngineUnavailable("x"), REFUSALS)
