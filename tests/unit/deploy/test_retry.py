"""Which content is held after a deployment has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from workers.adapters.state.marks import Hold
from workers.deploy.ending import Ending
from workers.deploy.retry import Attempted, next_hold
from workers.model.words import Outcome, Reason

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRIED = Attempted("d1", "c1", "f1")
FAILED = Ending(Outcome.FAILED, message="it crashed", hold=True)
AGAIN = replace(FAILED, again=True)
DEPLOYED = Ending(Outcome.DEPLOYED)
HELD = Hold("f1", "it crashed", "c1", "d1", Outcome.FAILED, 1, at="2026-11-23T12:00:00.000Z")
OTHER = Hold("f2", "newer", "c2")
BOTH = replace(OTHER, beside=HELD)
PASSED = replace(OTHER, outcome=Outcome.SUPERSEDED)


@pytest.mark.parametrize(
    ("before", "tried", "ending", "after"),
    [
        pytest.param(None, TRIED, FAILED, HELD, id="it failed"),
        pytest.param(HELD, TRIED, FAILED, replace(HELD, attempts=2), id="again"),
        pytest.param(HELD, replace(TRIED, asked=True), FAILED, HELD, id="and somebody had asked"),
        pytest.param(OTHER, TRIED, FAILED, HELD, id="something newer failed"),
        pytest.param(OTHER, replace(TRIED, is_newest=False), FAILED, BOTH, id="something older failed, too"),
        pytest.param(
            None,
            TRIED,
            replace(FAILED, outcome=Outcome.INVALID),
            replace(HELD, outcome=Outcome.INVALID, invalid=True),
            id="invalid",
        ),
        pytest.param(
            None,
            TRIED,
            replace(AGAIN, reason=Reason.OBSTRUCTED),
            replace(HELD, retry_at="2026-11-23T12:01:00.000Z", obstructed=True),
            id="something was in the way",
        ),
        pytest.param(
            None,
            replace(TRIED, deployed="f0"),
            replace(FAILED, stranded=True),
            replace(
                HELD,
                beside=replace(
                    HELD, fingerprint="f0", commit=None, retry_at="2026-11-23T12:01:00.000Z", obstructed=True
                ),
            ),
            id="and what was deployed is not back either",
        ),
        pytest.param(None, TRIED, DEPLOYED, None, id="it went well"),
        pytest.param(HELD, TRIED, DEPLOYED, None, id="at last"),
        pytest.param(OTHER, TRIED, DEPLOYED, None, id="what is newest went well"),
        pytest.param(OTHER, replace(TRIED, is_newest=False), DEPLOYED, OTHER, id="something older went well"),
        pytest.param(BOTH, replace(TRIED, is_newest=False), DEPLOYED, OTHER, id="something older is healed"),
        pytest.param(HELD, replace(TRIED, is_newest=False), DEPLOYED, None, id="what was held went well"),
        pytest.param(HELD, TRIED, Ending(Outcome.BLOCKED), HELD, id="blocked"),
        pytest.param(
            None, replace(TRIED, is_deployed=True), replace(FAILED, outcome=Outcome.CANCELLED), None, id="cancelled"
        ),
        pytest.param(
            None,
            TRIED,
            replace(FAILED, outcome=Outcome.CANCELLED),
            replace(HELD, outcome=Outcome.CANCELLED),
            id="something new cancelled",
        ),
        pytest.param(
            HELD,
            replace(TRIED, fingerprint="f2"),
            replace(FAILED, outcome=Outcome.SUPERSEDED),
            replace(HELD, fingerprint="f2", outcome=Outcome.SUPERSEDED),
            id="superseded",
        ),
        pytest.param(PASSED, TRIED, FAILED, replace(HELD, beside=PASSED), id="what superseded it failed, too"),
        pytest.param(PASSED, TRIED, DEPLOYED, None, id="what superseded it went well"),
    ],
)
def test_what_failed_is_held(before: Hold | None, tried: Attempted, ending: Ending, after: Hold | None) -> None:
    assert next_hold(before, tried, ending, AT) == after


def test_what_was_superseded_is_held_only_beside_what_failed_in_its_place() -> None:
    assert PASSED.of("f2") is None
    assert replace(HELD, beside=PASSED).of("f2") == PASSED


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 1), (1, 5), (2, 15), (3, 60), (9, 60)])
def test_what_touched_nothing_is_tried_again_ever_later(attempts: int, minutes: int) -> None:
    before = replace(HELD, attempts=attempts) if attempts else None
    held = next_hold(before, TRIED, AGAIN, AT)
    assert held is not None
    assert held.retry_at == f"2026-11-23T{12 + minutes // 60}:{minutes % 60:02}:00.000Z"
