"""What is told of a deployment that is over."""

from __future__ import annotations

import re

from workers.adapters.state.state import State
from workers.deploy.ending import Ending
from workers.deploy.report import Ledger
from workers.model.words import Action, Decision, Outcome, Reason

STACK = "production/authelia"


def test_when_it_is_tried_again_is_written_as_all_times_are(state: State) -> None:
    ledger = Ledger(state, STACK, 1, ())
    decision = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, "c1")
    ledger.open(decision)
    ledger.close(
        Ending(Outcome.FAILED, message="it crashed", hold=True, again=True), decision, "a fingerprint", asked=False
    )
    held = state.holds.get(STACK)
    assert held is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", held.retry_at or "")
    assert (held.retry_at or "") > held.at
