"""What a run still waits for is cancelled from its page, after it was seen what becomes of each stack."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests import scenes
from tests.unit.pages.conftest import page, words_of
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.adapters.state.waiting_for_others import Waiting
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

DB, WEB, MAIL, DNS = (f"production/{name}" for name in ("db", "web", "mail", "dns"))
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def fields(text: str) -> dict[str, str]:
    return dict(HIDDEN.findall(text[text.index('class="confirm"') :]))


@pytest.fixture
def run(state: State) -> str:
    """The database is being deployed, web comes after it and mail after that; dns waits for its turn."""
    made = state.runs.create("homelab", "webhook", ())
    state.runs.plan(made, [(DB, scenes.NEWEST), (DNS, scenes.NEWEST)])
    state.runs.hold_back(
        made, [Waiting(WEB, scenes.NEWEST, (DB,), "local"), Waiting(MAIL, scenes.NEWEST, (WEB,), "local")]
    )
    state.runs.take(DB)
    return made


def test_what_waits_is_left_and_what_is_under_way_stops(client: FlaskClient, state: State, run: str) -> None:
    deployment = scenes.deployment(state, Decision(DB, Action.UP, Reason.FORCED, scenes.NEWEST), None)
    with state.leases.acquire(stack_lease(DB), "deploying") or pytest.fail("it is held"):
        assert f'href="/runs/{run}/cancel"' in page(client, f"/runs/{run}")
        assert f'href="/stacks/{DB}/cancel"' in page(client, f"/runs/{run}")
        shown = page(client, f"/runs/{run}/cancel")
        words = words_of(shown)
        assert "1 deployment stops, and 3 stacks wait no more." in words
        assert f"{DB} stops at its next safe point" in words
        assert "A deployment that was stopped waits for a push" in words
        assert f"{WEB} is left as it is {DB}" in words
        answer = client.post(f"/runs/{run}/cancel", data=fields(shown))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{run}")
    assert state.cancellations.asked([deployment]) == {deployment: "whoever has the token"}
    left = [part.outcome for part in state.runs.parts(run, [WEB, MAIL, DNS]).values()]
    assert left == [Outcome.CANCELLED] * 3, "none is blocked by another that was cancelled"
    assert state.runs.parts(run, [DB])[DB].outcome is None, "it says so itself"


def test_a_stack_that_waits_for_another_says_so_and_can_be_cancelled(
    client: FlaskClient, services: Services, run: str
) -> None:
    services.state.records.set_status(WEB, latest_commit=scenes.NEWEST)
    assert f"waits for {DB}" in words_of(page(client, f"/runs/{run}"))
    assert f"waits for {DB}, after which it comes. " in words_of(page(client, f"/stacks/{WEB}"))
    assert f'href="/stacks/{WEB}/cancel"' in page(client, f"/stacks/{WEB}")
    assert f'href="/stacks/{WEB}/cancel"' in page(client, f"/runs/{run}")


def test_where_nothing_waits_any_more_nothing_can_be_ordered(client: FlaskClient, state: State) -> None:
    ended = state.runs.create("homelab", "webhook", ())
    state.runs.plan(ended, [(DB, scenes.NEWEST)])
    done = StackResult(DB, Action.UP, Reason.CONTENT_CHANGED, Outcome.DEPLOYED, scenes.NEWEST)
    state.runs.finish(state.runs.take(DB), done)
    assert "no stack waits for its turn" in words_of(page(client, f"/runs/{ended}/cancel"))
    assert "/cancel" not in page(client, f"/runs/{ended}")
    page(client, "/runs/none/cancel", 404)


def test_a_stranger_cancels_nothing(stranger: FlaskClient, run: str) -> None:
    assert stranger.get(f"/runs/{run}/cancel").headers["Location"].startswith("/login")
    assert stranger.post(f"/runs/{run}/cancel").status_code == 403
