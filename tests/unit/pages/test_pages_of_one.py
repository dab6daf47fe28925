"""The pages of one thing: a stack, a run, a deployment, a repo, and the settings in force."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.pages.forges import hook_page
from app.pages.prose import amount
from tests import scenes
from tests.scenes import Scene
from tests.unit.pages.conftest import CATALOG, TOKEN, Serve, browser, log_in, page, words_of
from workers.adapters.state.ailing import Ailing
from workers.adapters.state.deliveries import Delivery
from workers.adapters.state.marks import Hold
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.adapters.state.status import DecisionNote
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision, StackStatus, Trigger
from workers.runtime.settings import setting_names
from workers.services import Services

STACK = "production/mail"
HOSTILE = "<img src=x onerror=alert(1)>\"'"
PATHS = ["/settings", f"/stacks/{STACK}", "/runs/x", "/deployments/x", "/repos/homelab"]


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_sees_none_of_them(stranger: FlaskClient, path: str) -> None:
    assert stranger.get(path).headers["Location"] == f"/login?next={path}"


@pytest.mark.parametrize("path", ["/stacks/production/nope", "/runs/nope", "/deployments/nope", "/repos/nope", "/nope"])
def test_what_is_not_there_is_named(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "nope" in answer.text or path == "/nope"
    assert "Back to the overview" in answer.text


# ---------------------------------------------------------------- a stack


def test_a_stack_that_nobody_has_looked_at_says_so(client: FlaskClient) -> None:
    words = words_of(page(client, "/stacks/staging/website"))
    for said in ("not looked at yet", "Nobody has looked at it yet", "Nothing runs of it", "It was not deployed yet"):
        assert said in words
    assert "services/website" in words
    assert "develop" in words


def test_a_stack_that_is_well_shows_what_runs_and_what_was_done(client: FlaskClient, state: State) -> None:
    scenes.commits(state)
    scenes.workers(state)
    scenes.stand(state, Scene(STACK), 3)
    text = page(client, f"/stacks/{STACK}")
    words = words_of(text)
    assert "in sync" in words
    assert "Raise the limit of uploads by Ada Lovelace" in words
    assert "Let the proxy trust our own certificate by Ada Lovelace" in words
    assert "does not reach this stack" in words
    assert "running, healthy" in words
    assert "example/web:1" in words
    assert "restarted: config.yml changed" in words
    assert f"tegu compose {STACK} ps" in words
    assert re.search(r'href="/deployments/[0-9a-z]{14}"', text)


def test_a_stack_in_trouble_says_why_first(client: FlaskClient, state: State) -> None:
    scenes.workers(state)
    scenes.stand(state, Scene(STACK, StackStatus.ROLLED_BACK, message="db: refused\nmore of it"))
    state.holds.hold(STACK, Hold("f", "db: refused", scenes.NEWEST, attempts=2, retry_at=scenes.ago(minutes=-5)))
    text = page(client, f"/stacks/{STACK}")
    words = words_of(text)
    assert 'class="sentence bad"' in text
    assert words.index("db: refused") < words.index("In sync?")
    assert "failed, 2 times in a row. It is tried again in 4 min" in words
    assert "more of it" in words
    assert f"{STACK}/compose.yaml" in words


def test_marks_that_people_have_set_say_who_and_what_ends_them(client: FlaskClient, state: State) -> None:
    scenes.everything_broken(state)
    words = words_of(page(client, "/stacks/staging/website"))
    assert "pinned to da4b9237bacc by ada@host until a push changes it: the new one is slow" in words
    paused = next(name for name in ("authelia", "grafana") if state.pauses.get(f"production/{name}"))
    words = words_of(page(client, f"/stacks/production/{paused}"))
    assert f"by ada@host: moving house. tegu resume production/{paused} ends that." in words


def test_what_each_service_needs_and_what_is_outside_git_is_named(client: FlaskClient, state: State) -> None:
    decision = DecisionNote(
        Action.RESTART,
        Reason.CONTENT_CHANGED,
        scenes.NEWEST,
        scenes.ago(minutes=1),
        "1m849t0e86qfqq",
        paths=("services/mail/config.yml",),
        inputs=("variable:DOMAIN", "file:services/mail/.env"),
        services={"web": (Action.RESTART, ("services/mail/config.yml",)), "db": (Action.NONE, ())},
    )
    state.records.set_status(STACK, latest_commit=scenes.NEWEST, last_decision=decision)
    text = page(client, f"/stacks/{STACK}")
    words = words_of(text)
    assert "restarted: config.yml, variable DOMAIN and 1 more changed" in words
    assert "variable:DOMAIN" in words
    assert "because of services/mail/config.yml" in words
    assert "/runs/1m849t0e86qfqq" in text


def test_one_that_a_run_may_reach_is_looked_at_again_soon(client: FlaskClient, state: State) -> None:
    scenes.workers(state)
    scenes.stand(state, Scene("staging/website"))
    assert "is-live" not in page(client, "/stacks/staging/website")
    state.runs.create("other", Trigger.WEBHOOK, ["local"])
    assert "is-live" not in page(client, "/stacks/staging/website")
    state.runs.create("homelab", Trigger.WEBHOOK, ["local"])
    assert "is-live" in page(client, "/stacks/staging/website")


def test_one_that_is_gone_can_still_be_read(client: FlaskClient, state: State) -> None:
    scenes.stand(state, Scene(STACK))
    state.records.set_status(STACK, removed=scenes.gone())
    assert "gone from the catalog or its repository" in words_of(page(client, f"/stacks/{STACK}"))


# ---------------------------------------------------------------- a run


def test_a_run_under_way_is_live_and_shows_each_stack(client: FlaskClient, state: State) -> None:
    scenes.all_well(state, 3)
    run = scenes.under_way(state, [f"production/stack-{number:04}" for number in range(3)])
    text = page(client, f"/runs/{run}")
    assert 'class="is-live"' in text
    words = words_of(text)
    assert "1 deployed, 2 waiting" in words
    assert "by a push (github)" in words
    assert "Let the proxy trust our own certificate" in words
    assert "brought up web: compose.yaml changed" in words


def test_a_run_says_why_each_stack_was_left_alone(client: FlaskClient, state: State) -> None:
    run = state.runs.create("homelab", Trigger.CLI, [], who="ada@host")
    state.runs.plan(run, [(f"production/{name}", scenes.NEWEST) for name in ("a", "b", "c", "d")])
    results = [
        ("a", Action.NONE, Reason.UNCHANGED, Outcome.UNCHANGED, ""),
        ("b", Action.NONE, Reason.PAUSED, Outcome.SKIPPED, "paused by ada@host: moving house"),
        ("c", Action.NONE, Reason.INVALID, Outcome.INVALID, HOSTILE),
        ("d", Action.UP, Reason.FIRST_DEPLOY, Outcome.DEPLOYED, ""),
    ]
    for name, action, reason, outcome, message in results:
        stack = f"production/{name}"
        state.runs.take(stack, name)
        state.runs.finish([run], StackResult(stack, action, reason, outcome, scenes.NEWEST, message=message))
    text = page(client, f"/runs/{run}")
    words = words_of(text)
    assert "is-live" not in text
    assert "1 left alone: nothing that reaches them changed production/a" in words
    assert "production/b left alone it is paused paused by ada@host: moving house" in words
    assert "production/d deployed brought up: first deployment" in words
    assert text.index("production/c") < text.index("production/d")
    assert "by the command line (ada@host)" in words
    assert "<img" not in text.replace('<img src="/static', "")


def test_a_pull_that_failed_says_so_at_the_top(client: FlaskClient, state: State) -> None:
    scenes.pulled(state, error=f"repo homelab: refused {HOSTILE}")
    run = state.runs.newest(1)[0].id
    text = page(client, f"/runs/{run}")
    assert "The pull on local failed" in words_of(text)
    assert "<img src=x" not in text


# ---------------------------------------------------------------- a deployment


def test_a_deployment_begins_with_its_reason_and_what_went_wrong(client: FlaskClient, state: State) -> None:
    decision = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, scenes.NEWEST)
    made = scenes.deployment(state, decision, Outcome.ROLLED_BACK, f"web: unhealthy\n{HOSTILE}")
    text = page(client, f"/deployments/{made}")
    words = words_of(text)
    order = [words.index(said) for said in ("rolled back", "brought up: its files changed", "web: unhealthy", "Steps")]
    assert order == sorted(order)
    assert "$ docker compose up -d" in words
    assert f'href="/api/v1/deployments/{made}/log" download' in text
    assert "<img src=x" not in text
    assert client.get(f"/api/v1/deployments/{made}/log").status_code == 200


def test_one_under_way_says_that_more_is_to_come(client: FlaskClient, state: State) -> None:
    made = scenes.deployment(state, Decision(STACK, Action.UP, Reason.FORCED, scenes.NEWEST), None)
    text = page(client, f"/deployments/{made}")
    assert 'class="is-live"' in text
    assert "It grows while the deployment runs" in words_of(text)
    assert f'data-follow="/api/v1/deployments/{made}/log?follow=1" data-seen="3"' in text
    assert "under way" in words_of(text)


def test_of_a_long_log_the_end_is_shown(client: FlaskClient, state: State) -> None:
    made = state.deployments.create(Decision(STACK, Action.UP, Reason.FORCED, scenes.NEWEST), None)
    state.deployments.tell(made, [f"line {number}" for number in range(1200)])
    words = words_of(page(client, f"/deployments/{made}"))
    assert "The last 500 lines; 700 are before them." in words
    assert "line 1199" in words
    assert "line 699 " not in words


def test_a_log_is_searched_where_it_is(client: FlaskClient, state: State) -> None:
    made = state.deployments.create(Decision(STACK, Action.UP, Reason.FORCED, scenes.NEWEST), None)
    state.deployments.tell(made, [f"Line {number} {HOSTILE}" for number in range(3000)])
    words = words_of(page(client, f"/deployments/{made}?q=LINE+29"))
    assert "111 of 3000 lines have “LINE 29”." in words
    assert "Line 2999" in words
    assert "Line 28" not in words
    assert "No line has “nothing like it”. Show all 3000" in words_of(
        page(client, f"/deployments/{made}?q=nothing+like+it")
    )


def test_containers_that_were_not_well_say_so_before_everything_else(client: FlaskClient, state: State) -> None:
    touched = {"web": ServiceDecision(Action.RESTART)}
    made = state.deployments.create(
        Decision(STACK, Action.RESTART, Reason.CONTENT_CHANGED, scenes.NEWEST, ("mail/app.conf",), touched), None
    )
    ailing = [
        Ailing("web", "mail-web-1", "is unhealthy", None, f"cannot listen {HOSTILE}", "connection refused"),
        Ailing("db", "mail-db-1", "has ended with exit code 3", 3),
    ]
    told = "web: mail-web-1 is unhealthy; its healthcheck says: connection refused"
    state.deployments.finish(made, Outcome.ROLLED_BACK, told, ailing=ailing)
    text = page(client, f"/deployments/{made}")
    words = words_of(text)
    said = (
        *("restarted web: app.conf changed", "web is unhealthy", "connection refused", "cannot listen"),
        *("db has ended with exit code 3", "It has printed nothing.", "All that was told", "Download it"),
    )
    assert [words.index(each) for each in said] == sorted(words.index(each) for each in said)
    assert "<img src=x" not in text


def test_one_without_a_log_says_so(client: FlaskClient, state: State) -> None:
    made = state.deployments.create(Decision(STACK, Action.UP, Reason.FORCED, scenes.NEWEST), None)
    state.deployments.finish(made, Outcome.DEPLOYED)
    assert "Nothing was printed" in words_of(page(client, f"/deployments/{made}"))


# ---------------------------------------------------------------- a repo


def test_a_repo_that_was_never_pulled_says_what_to_do(client: FlaskClient) -> None:
    words = words_of(page(client, "/repos/homelab"))
    assert "It was not pulled yet. tegu pull homelab looks at once." in words
    assert "http://localhost/webhooks/homelab" in words
    assert "main, for production not fetched yet" in words
    assert "develop, for staging not fetched yet" in words
    assert "planted" not in words  # its secret


def test_a_repo_says_how_it_was_pulled_and_what_came_of_it(client: FlaskClient, state: State) -> None:
    scenes.commits(state)
    scenes.pulled(state, error=f"repo homelab: git.example.com refused the key {HOSTILE}")
    with state.repos.asking("homelab", "local", "git.example.com", 60):
        text = page(client, "/repos/homelab")
    words = words_of(text)
    assert "asking git.example.com" in words
    assert "local failed just now not counted yet git.example.com refused the key" in words
    assert "Let the proxy trust our own certificate" in words
    assert "<img src=x" not in text


def test_a_repo_says_how_large_its_clone_is_and_what_it_follows(client: FlaskClient, state: State) -> None:
    scenes.commits(state)
    scenes.pulled(state)
    assert "not counted yet" in words_of(page(client, "/repos/homelab"))
    state.repos.note_size("homelab", "local", 3_240_000)
    words = words_of(page(client, "/repos/homelab"))
    assert "local pulled just now 3.2 MB" in words
    assert f"main, for production {scenes.NEWEST[:10]} Let the proxy trust our own certificate" in words


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("https://github.com/me/homelab.git", "https://github.com/me/homelab/settings/hooks/new"),
        ("git@gitlab.com:me/homelab.git", "https://gitlab.com/me/homelab/-/hooks"),
        ("ssh://git@codeberg.org/me/homelab", "https://codeberg.org/me/homelab/settings/hooks"),
        ("https://git.example.com/me/homelab", None),
        ("/srv/git/homelab.git", None),
    ],
)
def test_the_page_where_a_forge_is_told_is_linked_where_it_is_known(url: str, where: str | None) -> None:
    found = hook_page(url)
    assert (found[1] if found else None) == where


def test_the_address_for_forges_is_the_public_one(serve: Serve) -> None:
    client = browser(serve(public_url="https://tegu.example.com/", api_open="loopback"))
    assert "https://tegu.example.com/webhooks/homelab" in page(client, "/repos/homelab")


def test_a_repo_without_a_secret_says_that_webhooks_are_refused(services: Services, client: FlaskClient) -> None:
    services.settings.catalog.write_text(CATALOG.replace("webhook_secret: planted, ", ""), encoding="utf-8")
    assert "every webhook is refused" in words_of(page(client, "/repos/homelab"))


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (48_300, "48 kB"), (3_240_000, "3.2 MB"), (12e12, "12000 GB")],
)
def test_amounts_are_said_in_the_unit_that_fits(size: float, said: str) -> None:
    assert amount(size) == said


# ---------------------------------------------------------------- settings


def test_settings_in_force_are_shown_without_secrets(serve: Serve) -> None:
    client = browser(serve())
    log_in(client)
    text = page(client, "/settings")
    words = words_of(text)
    for name in set(setting_names()) - {"TEGU_API_TOKEN_FILE"}:
        assert name in words
    assert TOKEN not in text
    assert "********" in words
    assert "planted" not in words
    assert "worker tegu.local.pull is not running" in words
    assert "staging local" in words


def test_the_options_of_a_stack_say_which_line_they_come_from(services: Services, client: FlaskClient) -> None:
    words = words_of(page(client, "/settings"))
    assert "Options in force for staging/website" in words
    assert "project website-staging defaults , line 7" in words
    assert words.index("options are as they are built in") < words.index("drift heal")
    assert "there is no stack production/nope" in words_of(page(client, "/settings?stack=production/nope"))
    services.settings.catalog.write_text("repos: [", encoding="utf-8")
    words = words_of(page(client, "/settings"))
    assert "The file is not valid now, so nobody can say in which line" in words


def test_each_setting_says_where_it_comes_from(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEGU_WORKER", "local")
    monkeypatch.setenv("TEGU_API_TOKEN_FILE", "/somewhere")
    words = words_of(page(client, "/settings"))
    assert "TEGU_WORKER local environment variable" in words
    assert "TEGU_API_TOKEN ******** environment variable TEGU_API_TOKEN_FILE" in words
    assert "TEGU_CONCURRENCY 4 default" in words


def test_parts_that_work_say_so(client: FlaskClient, state: State) -> None:
    scenes.workers(state)
    assert "worker tegu.local.deploy works" in words_of(page(client, "/settings"))


def test_the_last_webhooks_say_what_became_of_them(client: FlaskClient, state: State) -> None:
    wrong = Delivery("homelab", "github", "unauthorized", scenes.ago(minutes=2), "the signature is missing or wrong")
    other = Delivery("homelab", "gitea", "ignored", scenes.ago(minutes=1), f"no stack follows {HOSTILE}")
    state.deliveries.add([wrong, other, Delivery("homelab", "github", "queued", scenes.ago(), run="1m849t0e86qfqq")])
    text = page(client, "/repos/homelab")
    words = words_of(text)
    assert "2 min ago github wrong signature the signature is missing or wrong" in words
    assert words.index("accepted") < words.index("ignored") < words.index("wrong signature")
    assert 'href="/runs/1m849t0e86qfqq"' in text
    assert "<img src=x" not in text
