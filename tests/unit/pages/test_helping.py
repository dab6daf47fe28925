"""Which buttons a stack has, as it stands: only those that help, the best first."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.pages.acts import buttons, helping
from tests import scenes
from tests.scenes import Scene
from tests.unit.pages.conftest import page
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.marks import Pin
from workers.adapters.state.state import State
from workers.adapters.state.status import DecisionNote, status_of
from workers.model.words import Action, Reason, StackStatus

STACK = "production/mail"


def labels(state: State) -> list[str]:
    """What is offered; what helps is marked."""
    return [f"*{each.label}" if each.is_first else each.label for each in buttons(state.facts([STACK])[STACK])]


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (StackStatus.DEPLOYED, ["Recreate", "Pause"]),
        (StackStatus.FAILED, ["*Try again", "Pause"]),
        (StackStatus.ROLLED_BACK, ["*Try again", "Pause"]),
        (StackStatus.STOPPED, ["*Start", "Pause"]),
        (StackStatus.DRIFTED, ["*Put right", "Pause"]),
        (StackStatus.DEGRADED, ["*Recreate", "Pause"]),
        (StackStatus.INVALID, ["Try again", "Pause"]),
        (StackStatus.BLOCKED, ["*Decide about its data", "Pause"]),
        (StackStatus.PAUSED, ["*Resume"]),
        (StackStatus.PENDING, ["*Deploy", "Pause"]),
        (StackStatus.UNKNOWN, ["*Deploy", "Pause"]),
    ],
)
def test_what_helps_is_offered_first(state: State, status: StackStatus, offered: list[str]) -> None:
    scenes.workers(state)
    scenes.stand(state, Scene(STACK, status, message=scenes.BAD.get(status, "")))
    facts = state.facts([STACK])[STACK]
    assert status_of(facts) is status
    assert labels(state) == offered
    first = helping(facts, status)
    assert (first.label if first else None) == next((each[1:] for each in offered if each[0] == "*"), None)


def test_what_is_under_way_can_be_cancelled_and_what_is_rolled_back_resumed(state: State) -> None:
    scenes.workers(state)
    scenes.stand(state, Scene(STACK))
    state.pins.pin(STACK, Pin(scenes.commit(2), "release", "ada", reached=True))
    assert "Resume" in labels(state)
    with state.leases.acquire(stack_lease(STACK), "deploying") or pytest.fail("it is held"):
        assert labels(state)[0] == "*Cancel"


def test_what_is_gone_can_be_forgotten_and_what_is_tegus_own_is_left(state: State) -> None:
    scenes.stand(state, Scene(STACK))
    own = DecisionNote(Action.NONE, Reason.SELF, "c", scenes.ago())
    state.records.set_status(STACK, last_decision=own)
    assert labels(state) == []
    state.records.set_status(STACK, removed=scenes.gone())
    assert labels(state) == ["*Forget"]


def test_the_first_page_offers_what_helps_those_in_need(client: FlaskClient, state: State) -> None:
    scenes.everything_broken(state)
    text = page(client, "/")
    for label in ("Try again", "Start", "Put right", "Decide about its data"):
        assert f">{label}</a>" in text
    assert text.count(">Recreate</a>") == 1  # of the one that is not well
