"""Plans as values."""

from __future__ import annotations

from tests.unit.deploy.observations import CHANGED
from workers.deploy.plans import disturbed
from workers.model.words import Action, Reason


def test_the_stronger_action_wins_when_something_was_disturbed() -> None:
    decision = disturbed(CHANGED, {"web": Action.RESTART, "db": Action.SIGNAL}, Reason.INTERRUPTED)
    assert {name: each.action for name, each in decision.services.items()} == {"web": Action.UP, "db": Action.RESTART}
    assert (decision.action, decision.reason) == (Action.UP, Reason.INTERRUPTED)
