"""What can be ordered on a page: each time its plan is seen first, and nothing else than was shown is ordered."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http.sessions import Sessions, Visitor
from tests import scenes
from tests.acting import COMPOSE, STACK, push
from tests.answering import Answering
from tests.git_server import Source
from tests.records import record_at
from tests.unit.pages.conftest import browser, log_in, page, words_of
from workers.adapters.state.heirs import Heir
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.status import DecisionNote
from workers.celery import deploy_queue, pull_queue
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

HERE = f"/stacks/{STACK}"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def fields(text: str) -> dict[str, str]:
    """Those of the form that orders."""
    return dict(HIDDEN.findall(text[text.index('class="confirm"') :]))


def order(client: FlaskClient, path: str, **more: str) -> TestResponse:
    """Look at the plan, and order that."""
    return client.post(path.partition("?")[0], data=fields(page(client, path)) | more)


# ---------------------------------------------------------------- a deployment


def test_a_deployment_is_ordered_once_its_plan_was_seen(
    services: Services, source: Source, worker: Answering, client: FlaskClient
) -> None:
    push(services, source, {"README.md": "said"})
    newest = push(services, source, {"a/conf/one": "2\n"})
    text = page(client, f"{HERE}/deploy")
    words = words_of(text)
    assert "Restart web: one changed." in words
    assert "web restart a/conf/one" in words
    assert "Not touched: db stays as it is." in words
    assert newest[:10] in words
    assert words.count("elsewhere") == 1
    assert services.queue.calls_in(deploy_queue("local")) == frozenset()
    sent = fields(text)
    answer = client.post(f"{HERE}/deploy", data=sent)
    (run,) = services.state.runs.newest(1)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{run.id}")
    assert (run.trigger, run.who) == ("page", "whoever has the token")
    assert services.queue.calls_in(deploy_queue("local")) == {("tegu.deploy_if_changed", STACK, run.id)}
    assert "by the page (whoever has the token)" in words_of(page(client, f"/runs/{run.id}"))
    again = client.post(f"{HERE}/deploy", data=sent)
    assert again.headers["Location"] == answer.headers["Location"]
    assert len(services.state.runs.newest(5)) == 1
    assert worker.asked[0] == ("tegu.plan", STACK, "deploy", "")


def test_what_has_changed_since_is_told_and_not_ordered(
    services: Services, source: Source, worker: Answering, client: FlaskClient
) -> None:
    seen = push(services, source, {"a/conf/one": "2\n"})
    sent = fields(page(client, f"{HERE}/deploy"))
    newer = push(services, source, {"a/conf/one": "3\n"})
    answer = client.post(f"{HERE}/deploy", data=sent)
    assert answer.status_code == 409
    told = words_of(answer.text)
    assert f"Nothing was ordered: you have seen the plan for {seen[:10]}, and now it is {newer[:10]}" in told
    assert services.state.runs.newest(1) == ()
    services.state.pauses.pause(STACK, "ada", "moving house")
    told = words_of(client.post(f"{HERE}/deploy", data=fields(answer.text)).text)
    assert "Nothing was ordered: since you have seen the plan, something has changed" in told
    assert "Nothing can be ordered now. paused: moving house Resume" in told
    assert services.state.runs.newest(1) == ()
    del worker


def test_two_that_come_at_once_order_once(
    services: Services, source: Source, worker: Answering, client: FlaskClient
) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    sent = fields(page(client, f"{HERE}/deploy"))
    cookies = client.get_cookie(f"tegu_session_{'http'}")
    assert cookies is not None
    led: list[str] = []

    def send(other: FlaskClient) -> None:
        other.set_cookie(cookies.key, cookies.value)
        led.append(other.post(f"{HERE}/deploy", data=sent).headers["Location"])

    others = [browser(services) for _ in range(4)]  # in one thread: Python 3.11 compiles their routes in one at a time
    threads = [threading.Thread(target=send, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(led)) == 1
    assert len(led) == 4
    assert len(services.state.runs.newest(5)) == 1
    del worker


def test_where_nothing_has_changed_every_service_can_be_recreated(
    services: Services, worker: Answering, client: FlaskClient
) -> None:
    words = words_of(page(client, f"{HERE}/deploy"))
    assert "There is nothing to deploy. Recreate every service" in words
    text = page(client, f"{HERE}/deploy?force=1")
    assert "Recreate db and web: somebody asked for every service anew." in words_of(text)
    assert order(client, f"{HERE}/deploy?force=1").status_code == 303
    assert services.state.runs.newest(1)[0].forced
    del worker


def test_without_a_worker_it_is_said_what_to_do(services: Services, client: FlaskClient) -> None:
    answer = client.get(f"{HERE}/deploy")
    assert answer.status_code == 503
    assert "No plan could be made. Worker local does not run" in words_of(answer.text)
    assert '<button class="primary"' not in answer.text
    assert services.queue.calls_in(pull_queue("local")) == frozenset()
    sent = {"form": fields_of_any(client), "once": "0" * 32, "seal": "x"}
    answer = client.post(f"{HERE}/deploy", data=sent)
    assert answer.status_code == 503
    assert "Nothing was ordered. Worker local does not run" in words_of(answer.text)


def fields_of_any(client: FlaskClient) -> str:
    found = re.search(r'name="form" value="([^"]+)"', client.get("/settings").text)
    assert found
    return found[1]


# ---------------------------------------------------------------- back


def test_every_good_line_of_the_history_leads_back_by_its_plan(
    services: Services, source: Source, worker: Answering, client: FlaskClient
) -> None:
    first = services.clone("homelab").resolve("main")
    scenes.deployment(services.state, Decision(STACK, Action.UP, Reason.FIRST_DEPLOY, first), Outcome.DEPLOYED)
    second = push(services, source, {"a/compose.yaml": COMPOSE % 2})
    scenes.deployment(services.state, Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, second), Outcome.DEPLOYED)
    failed = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, "f" * 40)
    scenes.deployment(services.state, failed, Outcome.FAILED)
    record = record_at(services, services.stacks.find(STACK), second)
    services.state.records.put(STACK, record, 2, deployed_commit=second)
    text = page(client, HERE)
    (back,) = re.findall(r'href="([^"]+)">Roll back to this', text)
    assert back == f"{HERE}/rollback?to={first}"
    words = words_of(page(client, back))
    assert "Bring up web: rolled back by hand." in words
    assert "Commits that are taken back" in words
    assert "It stays there until somebody resumes it" in words
    answer = order(client, f"{back}&hold=until_push")
    pin = services.state.pins.get(STACK)
    assert pin is not None
    assert (pin.commit, pin.until, pin.who) == (first, "push", "whoever has the token")
    assert answer.headers["Location"] == f"/runs/{services.state.runs.newest(1)[0].id}"
    del worker


def test_a_commit_that_is_none_is_told(worker: Answering, client: FlaskClient) -> None:
    assert "names no commit" in words_of(page(client, f"{HERE}/rollback?to=nope", 409))
    assert "no earlier good deployment" in words_of(page(client, f"{HERE}/rollback", 409))
    page(client, f"{HERE}/rollback?to=%3Bls", 400)
    del worker


# ---------------------------------------------------------------- pause and resume


def test_a_pause_says_what_is_left_undone_and_a_resumption_what_is_done_then(
    services: Services, source: Source, worker: Answering, client: FlaskClient
) -> None:
    push(services, source, {"a/conf/one": "2\n"})
    words = words_of(page(client, f"{HERE}/pause"))
    assert "Nothing is touched." in words
    assert "leaves it until then: Restart web: one changed." in words
    sent = fields(page(client, f"{HERE}/pause"))
    answer = client.post(f"{HERE}/pause", data=sent | {"reason": "moving house"})
    assert answer.headers["Location"] == HERE
    pause = services.state.pauses.get(STACK)
    assert pause is not None
    assert (pause.who, pause.why) == ("whoever has the token", "moving house")
    assert "paused by whoever has the token: moving house" in words_of(page(client, HERE))
    assert "It was paused by whoever has the token: moving house." in words_of(page(client, f"{HERE}/pause"))
    words = words_of(page(client, f"{HERE}/resume"))
    assert "Restart web: one changed." in words
    assert "Then homelab is pulled on local" in words
    answer = order(client, f"{HERE}/resume")
    (run,) = services.state.runs.newest(1)
    assert answer.headers["Location"] == f"/runs/{run.id}"
    assert services.state.pauses.get(STACK) is None
    assert "It is neither paused nor rolled back." in words_of(page(client, f"{HERE}/resume"))
    del worker


def test_a_pause_needs_no_worker(services: Services, client: FlaskClient) -> None:
    assert "is not known, since no worker has said so" in words_of(page(client, f"{HERE}/pause"))
    assert order(client, f"{HERE}/pause", reason="").status_code == 303
    assert services.state.pauses.get(STACK) is not None


# ---------------------------------------------------------------- cancel, adopt, forget


def test_a_deployment_under_way_is_cancelled_and_no_other(services: Services, client: FlaskClient) -> None:
    assert "Nothing of it is under way." in words_of(page(client, f"{HERE}/cancel"))
    made = scenes.deployment(services.state, Decision(STACK, Action.UP, Reason.FORCED, scenes.NEWEST), None)
    with services.state.leases.acquire(stack_lease(STACK), "deploying") or pytest.fail("it is held"):
        text = page(client, f"{HERE}/cancel")
        assert f"The deployment of {scenes.NEWEST[:10]} stops at its next safe point." in words_of(text)
        assert "Done so far: stage, validate, up." in words_of(text)
        answer = client.post(f"{HERE}/cancel", data=fields(text))
    assert answer.headers["Location"] == f"/deployments/{made}"
    assert services.state.cancellations.asked([made]) == {made: "whoever has the token"}
    sent = fields(text) | {"once": "1" * 32}
    assert client.post(f"{HERE}/cancel", data=sent).status_code == 409


def test_what_becomes_of_data_elsewhere_is_chosen_before_its_plan_is_seen(
    services: Services, worker: Answering, client: FlaskClient
) -> None:
    note = DecisionNote(Action.NONE, Reason.MOVED, "c", scenes.ago(), message="its data lies in /srv/old")
    services.state.records.set_status(STACK, last_decision=note)
    text = page(client, f"{HERE}/adopt")
    assert "its data lies in /srv/old" in words_of(text)
    assert f'href="{HERE}/adopt?data=copy"' in text
    assert 'class="confirm"' not in text
    assert "Decide about its data" in words_of(page(client, HERE))
    assert "Its data is copied" in words_of(page(client, f"{HERE}/adopt?data=copy"))
    assert order(client, f"{HERE}/adopt?data=copy").status_code == 303
    adoption = services.state.adoptions.get(STACK)
    assert adoption is not None
    assert adoption.data == "copy"
    page(client, f"{HERE}/adopt?data=eat", 400)
    del worker


def test_one_that_seems_to_go_on_with_another_is_asked_which(
    services: Services, worker: Answering, client: FlaskClient
) -> None:
    services.state.heirs.note([STACK], {STACK: Heir(("default/old",))})
    text = page(client, f"{HERE}/adopt")
    assert "Go on with default/old Begin anew" in words_of(text)
    assert f'href="{HERE}/adopt?source=default%2Fold"' in text
    assert f'href="{HERE}/adopt?data=leave"' in text
    assert "It goes on with what default/old has." in words_of(page(client, f"{HERE}/adopt?source=default%2Fold"))
    del worker


def test_a_stack_that_is_gone_is_forgotten_with_what_runs_of_it_or_without(
    services: Services, client: FlaskClient
) -> None:
    assert "is not gone" in words_of(page(client, f"{HERE}/forget", 409))
    there = services.settings.catalog.read_text()
    services.settings.catalog.write_text(there.replace("stacks: {a: {repo: homelab, path: a}}", ""))
    services.state.records.set_status(STACK, removed=scenes.gone())
    assert re.search(r'class="button primary" href="[^"]+">Forget', page(client, HERE))
    assert "db and web: left as they are." in words_of(page(client, f"{HERE}/forget"))
    words = words_of(page(client, f"{HERE}/forget?down=1"))
    assert "db removed web removed" in words
    assert order(client, f"{HERE}/forget?down=1").status_code == 303
    removed = services.state.records.status(STACK).removed
    assert removed is not None
    assert removed.forget == "down"


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("act", ["deploy", "rollback", "pause", "resume", "cancel", "adopt", "forget"])
def test_a_stranger_sees_no_plan_and_a_form_from_elsewhere_orders_nothing(
    services: Services, stranger: FlaskClient, act: str
) -> None:
    path = f"{HERE}/{act}"
    assert stranger.get(path).headers["Location"] == f"/login?next={quote(path)}"
    assert stranger.post(path).status_code == 403
    answer = stranger.post(path, data={"form": fields_of_login(stranger)})
    assert (answer.status_code, "you are not logged in any more" in answer.text) == (401, True)
    log_in(stranger)
    assert stranger.post(path, data={"once": "0" * 32}).status_code == 403
    elsewhere = {"Origin": "https://evil.example.com"}
    sent = {"form": fields_of_any(stranger), "once": "0" * 32}
    assert stranger.post(path, data=sent, headers=elsewhere).status_code == 403
    assert services.state.runs.newest(1) == ()
    assert services.state.pauses.get(STACK) is None


def fields_of_login(client: FlaskClient) -> str:
    found = re.search(r'name="form" value="([^"]+)"', client.get("/login").text)
    assert found
    return found[1]


def test_who_may_only_look_is_offered_nothing(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Sessions.visitor

    def only_looks(sessions: Sessions, name: str) -> Visitor | None:
        visitor = seen(sessions, name)
        return replace(visitor, may_act=False) if visitor else None

    monkeypatch.setattr(Sessions, "visitor", only_looks)
    assert 'class="acts"' not in page(client, HERE)
    for answer in (client.get(f"{HERE}/pause"), client.post(f"{HERE}/pause", data={"form": fields_of_any(client)})):
        assert answer.status_code == 403
        assert "order nothing" in answer.text
    assert services.state.pauses.get(STACK) is None


def test_a_form_that_is_not_complete_orders_nothing(client: FlaskClient, services: Services) -> None:
    answer = client.post(f"{HERE}/pause", data={"form": fields_of_any(client)})
    assert answer.status_code == 400
    assert services.state.pauses.get(STACK) is None


def test_what_is_said_of_a_reason_is_only_text(client: FlaskClient, services: Services) -> None:
    order(client, f"{HERE}/pause", reason="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in page(client, HERE)
    del services
