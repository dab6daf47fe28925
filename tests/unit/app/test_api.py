"""The API's routes, on real state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.http import streams
from app.http.factory import create_app
from app.http.schemas import stack_rows
from tests.records import a_record
from tests.redis_server import RedisServer
from tests.unit.app.conftest import Serve
from workers.celery import deploy_queue, pull_queue
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

COMMIT = "8d1f6a3bc05e4a27b6f0c19e2d7a54810f3e9c6b"
IDS = ["production/authelia", "production/website", "staging/authelia"]
DECISION = Decision(IDS[0], Action.UP, Reason.FIRST_DEPLOY, COMMIT)


def get(client: FlaskClient, path: str, status: int = 200) -> Any:
    response = client.get(f"/api/v1{path}")
    assert response.status_code == status, response.text
    return json.loads(response.data)


def post(client: FlaskClient, path: str, body: object = None, status: int = 202) -> Any:
    text = b"" if body is None else json.dumps(body).encode()
    response = client.post(f"/api/v1{path}", data=text)
    assert response.status_code == status, response.text
    return json.loads(response.data)


def tasks(services: Services, queue: str) -> list[str]:
    return [json.loads(item)["headers"]["argsrepr"] for item in services.state.redis.lrange(queue, 0, -1)]


# ---------------------------------------------------------------- repos


def test_a_repo_says_how_its_last_pull_ended_and_whom_it_is_asking(client: FlaskClient, services: Services) -> None:
    services.state.repos.note_failed_try("homelab", "nas", "the server refused the key")
    services.state.repos.note_size("homelab", "local", 481_280)
    with services.state.repos.asking("homelab", "local", "git.example.com", 60):
        listed = get(client, "/repos")
        one = get(client, "/repos/homelab")
    assert [each["repo"] for each in listed["items"]] == ["homelab", "quiet"]
    assert listed["items"][0] == one
    assert (one["last_pull"]["status"], one["last_pull"]["error"]) == ("failed", "the server refused the key")
    assert one["last_pull"]["at"].endswith("Z")
    assert (one["asking"]["host"], one["sizes"]) == ("git.example.com", {"local": 481_280})
    assert listed["items"][1] == {"repo": "quiet", "last_pull": None, "asking": None, "workers": {}, "sizes": {}}
    get(client, "/repos/nobody", 404)


# ---------------------------------------------------------------- stacks


def test_every_stack_of_the_catalog_is_listed_even_before_its_first_pull(client: FlaskClient) -> None:
    listed = get(client, "/stacks")
    assert [row["stack"] for row in listed["items"]] == IDS
    assert {row["status"] for row in listed["items"]} == {"unknown"}
    assert listed["next"] is None


def test_a_row_is_what_the_status_command_prints(client: FlaskClient, services: Services) -> None:
    services.state.records.set_status(IDS[0], deployed_commit=COMMIT, verified_commit=COMMIT, latest_commit=COMMIT)
    listed = get(client, "/stacks")["items"]
    assert listed == stack_rows(services.catalog.current(), services.state)
    assert listed[0]["status"] == "deployed"
    contract = "stack status deployed_commit verified_commit latest_commit last_decision last_deployment drift"
    assert set(contract.split()) <= set(listed[0])


def test_a_stack_that_was_discovered_is_listed_too(client: FlaskClient, services: Services) -> None:
    services.state.records.set_status("production/found", latest_commit=COMMIT)
    assert "production/found" in [row["stack"] for row in get(client, "/stacks")["items"]]


def test_a_stack_that_is_paused_by_option_is_shown_as_such(client: FlaskClient, services: Services) -> None:
    catalog = services.settings.catalog
    catalog.write_text(catalog.read_text().replace("path: services/website,", "path: services/website, paused: true,"))
    services.state.records.set_status(IDS[1], deployed_commit=COMMIT, latest_commit=COMMIT)
    assert [row["status"] for row in get(client, "/stacks")["items"]] == ["unknown", "paused", "unknown"]


def test_a_discovered_stack_is_paused_by_the_defaults_of_its_environment(
    client: FlaskClient, services: Services
) -> None:
    catalog = services.settings.catalog
    text = catalog.read_text().replace(
        "{worker: nas, ref: develop}", "{worker: nas, ref: develop, defaults: {paused: true}}"
    )
    text = text.replace("homelab.git\n", "homelab.git\n    discover: ['services/*']\n")
    catalog.write_text(
        text.replace('project: "{stack}-{environment}"', 'project: "{stack}-{environment}", paused: false')
    )
    found = {f"{each}/found": "services/found" for each in ("production", "staging")}
    services.state.discovered.replace("homelab", ["production", "staging"], found)
    for stack in found:
        services.state.records.set_status(stack, deployed_commit=COMMIT, latest_commit=COMMIT)
    rows = {row["stack"]: row["status"] for row in get(client, "/stacks")["items"]}
    assert {stack: rows[stack] for stack in found} == {"production/found": "pending", "staging/found": "paused"}
    assert rows["staging/authelia"] == "unknown"


def test_lists_come_in_pages(client: FlaskClient) -> None:
    first = get(client, "/stacks?limit=2")
    second = get(client, f"/stacks?limit=2&cursor={first['next']}")
    assert [row["stack"] for row in first["items"] + second["items"]] == IDS
    assert second["next"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=many", "cursor=" + "x" * 300, "colour=red", "status=fine", "stack=a"]
)
def test_a_page_that_cannot_be_is_a_bad_request(client: FlaskClient, query: str) -> None:
    assert query.partition("=")[0] in get(client, f"/stacks?{query}", 400)["detail"]


def test_one_stack_is_shown_with_its_deployments(client: FlaskClient, services: Services) -> None:
    deployment = services.state.deployments.create(DECISION, "a run")
    shown = get(client, f"/stacks/{IDS[0]}")
    assert shown["stack"] == IDS[0]
    assert [item["id"] for item in shown["deployments"]] == [deployment]


@pytest.mark.parametrize(
    "path", ["/stacks/production/none", "/runs/none", "/deployments/none", "/deployments/none/log", "/nothing"]
)
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    problem = get(client, path, 404)
    assert problem["title"] == "Not Found"


# ---------------------------------------------------------------- runs and deployments


def test_a_run_is_readable_as_soon_as_its_id_is_known(client: FlaskClient) -> None:
    run = post(client, "/repos/homelab/pull")["run"]
    shown = get(client, f"/runs/{run}")
    contract = "id repo ref commit trigger who status queued_at started_at finished_at error pulls stacks"
    assert set(shown) == set(contract.split())
    assert (shown["status"], shown["trigger"], shown["who"]) == ("queued", "api", "api")


def test_runs_are_listed_newest_first_and_by_repo(client: FlaskClient, services: Services) -> None:
    made = [services.state.runs.create("homelab", "cli", ["local"]) for _ in range(3)]
    services.state.runs.create("quiet", "cli", ["local"])
    listed = get(client, "/runs?repo=homelab&limit=2")
    rest = get(client, f"/runs?repo=homelab&limit=2&cursor={listed['next']}")
    assert [run["id"] for run in listed["items"] + rest["items"]] == sorted(made, reverse=True)
    assert rest["next"] is None


def test_a_last_page_that_is_full_is_the_last(client: FlaskClient, services: Services) -> None:
    for _ in range(3):
        services.state.runs.create("homelab", "cli", ["local"])
    for path in ("/runs?limit=3", "/runs?repo=homelab&limit=3", "/stacks?limit=3"):
        listed = get(client, path)
        assert (len(listed["items"]), listed["next"]) == (3, None)


def test_a_run_of_several_repos_is_listed_under_each(client: FlaskClient, services: Services) -> None:
    run = services.state.runs.create("homelab, quiet", "cli", ())
    services.state.runs.create("home", "cli", ())
    for repo in ("homelab", "quiet"):
        assert [each["id"] for each in get(client, f"/runs?repo={repo}")["items"]] == [run]
    services.state.runs.discard(run)
    assert get(client, "/runs?repo=quiet")["items"] == []


def test_a_deployment_and_its_log(client: FlaskClient, services: Services) -> None:
    deployments = services.state.deployments
    deployment = deployments.create(DECISION, "a run")
    deployments.tell(deployment, (f"line {number} ü" for number in range(1500)))
    deployments.finish(deployment, Outcome.DEPLOYED)
    assert get(client, f"/deployments/{deployment}")["outcome"] == "deployed"
    lines = [f"line {number} ü" for number in range(1500)]
    for query in ("", "?follow=true"):
        for accepted in ("*/*", "text/plain", "text/html,*/*;q=0.8", ""):
            response = client.get(f"/api/v1/deployments/{deployment}/log{query}", headers={"Accept": accepted})
            assert response.content_type == "text/plain; charset=utf-8"
            assert response.text.splitlines() == lines


def test_a_log_is_a_list_for_programs_that_want_json(client: FlaskClient, services: Services) -> None:
    deployments = services.state.deployments
    deployment = deployments.create(DECISION, "a run")
    deployments.tell(deployment, (f"line {number}" for number in range(6)))

    def page(query: str, status: int = 200) -> Any:
        path = f"/api/v1/deployments/{deployment}/log{query}"
        response = client.get(path, headers={"Accept": "application/json"})
        assert response.status_code == status
        return response.get_json(force=True)

    assert page("") == {"items": [f"line {number}" for number in range(6)], "next": None}
    first = page("?limit=3")
    assert first["items"] == ["line 0", "line 1", "line 2"]
    assert page(f"?limit=3&cursor={first['next']}") == {"items": ["line 3", "line 4", "line 5"], "next": None}
    assert "cursor" in page("?cursor=$", 400)["detail"]


def test_a_log_is_followed_until_its_deployment_ends(client: FlaskClient, services: Services) -> None:
    deployments = services.state.deployments
    deployment = deployments.create(DECISION, "a run")
    deployments.tell(deployment, ["first"])
    lines = iter(client.get(f"/api/v1/deployments/{deployment}/log?follow=1").response)
    assert next(lines) == b"first\n"
    deployments.tell(deployment, ["second"])
    deployments.finish(deployment, Outcome.DEPLOYED)
    assert list(lines) == [b"second\n"]


# ---------------------------------------------------------------- events


def chunks(response: TestResponse) -> Iterator[bytes]:
    return cast("Iterator[bytes]", iter(response.response))


def test_events_go_on_where_a_listener_left_off(client: FlaskClient, services: Services) -> None:
    seen = services.state.events.emit("stack", stack=IDS[0])
    new = services.state.events.emit("stack", stack=IDS[1])
    response = client.get("/api/v1/events", headers={"Last-Event-ID": seen})
    assert response.mimetype == "text/event-stream"
    texts = chunks(response)
    assert next(texts) == b"retry: 1000\n\n"
    kind, event, data = next(texts).decode().splitlines()[:3]
    assert (kind, event) == (f"id: {new}", "event: stack")
    assert json.loads(data.removeprefix("data: "))["stack"] == IDS[1]
    response.close()


def test_a_new_listener_hears_what_comes_from_now_on(client: FlaskClient, services: Services) -> None:
    services.state.events.emit("stack", stack="old")
    response = client.get("/api/v1/events")
    texts = chunks(response)
    next(texts)
    assert next(texts) == b": still here\n\n"
    services.state.events.emit("stack", stack="new")
    assert b'"new"' in next(texts)
    response.close()


def test_a_stream_whose_redis_goes_away_ends(serve: Serve, own_redis_server: Callable[..., RedisServer]) -> None:
    server = own_redis_server()
    response = create_app(serve(redis_url=server.url)).test_client().get("/api/v1/events")
    texts = chunks(response)
    assert next(texts) == b"retry: 1000\n\n"
    server.kill()
    assert list(texts) == []
    response.close()


@pytest.mark.parametrize("cursor", ["x", "$", "1-", "-1", "1-1-1", "9" * 30])
def test_a_cursor_that_is_none_is_a_bad_request(client: FlaskClient, cursor: str) -> None:
    assert client.get("/api/v1/events", headers={"Last-Event-ID": cursor}).status_code == 400


def test_only_so_many_may_listen(client: FlaskClient) -> None:
    listeners = [client.get("/api/v1/events") for _ in range(streams.MOST_STREAMS)]
    refused = client.get("/api/v1/events")
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    for listener in listeners:
        listener.close()
    welcome = client.get("/api/v1/events")
    assert welcome.status_code == 200
    welcome.close()


# ---------------------------------------------------------------- requests


def test_a_pull_is_asked_for_once(client: FlaskClient, services: Services) -> None:
    first, second = (post(client, "/repos/homelab/pull") for _ in range(2))
    assert (first["status"], second) == ("queued", {"run": first["run"], "status": "coalesced"})
    assert len(tasks(services, pull_queue("local"))) == 1


@pytest.mark.parametrize("force", [True, False])
def test_a_deploy_is_asked_for_on_the_stacks_own_worker(client: FlaskClient, services: Services, force: bool) -> None:
    run = post(client, "/stacks/staging/authelia/deploy", {"force": force})["run"]
    (task,) = tasks(services, deploy_queue("nas"))
    assert run in task
    assert ("forced" in task) is force
    shown = get(client, f"/runs/{run}")
    assert (shown["trigger"], shown["who"]) == ("api", "api")


def test_a_body_is_not_needed(client: FlaskClient) -> None:
    assert post(client, "/stacks/production/website/deploy")["run"]


def test_a_pause_names_who_and_why_and_a_resume_ends_it(client: FlaskClient, services: Services) -> None:
    paused = post(client, "/stacks/production/website/pause", {"reason": "the disk is being replaced"})
    assert get(client, f"/runs/{paused['run']}")["repo"] == "homelab"
    row = get(client, "/stacks/production/website")
    assert (row["status"], row["paused"]["why"]) == ("paused", "the disk is being replaced")
    assert post(client, "/stacks/production/website/resume")["run"]
    assert services.state.pauses.get("production/website") is None


@pytest.mark.parametrize("verb", ["deploy", "pause", "resume"])
def test_a_request_about_an_unknown_stack_changes_nothing(client: FlaskClient, services: Services, verb: str) -> None:
    post(client, f"/stacks/production/none/{verb}", status=404)
    assert services.state.pauses.all() == {}


def test_a_pull_of_an_unknown_repo_is_not_found(client: FlaskClient) -> None:
    post(client, "/repos/none/pull", status=404)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("deploy", {"force": "yes"}),
        ("deploy", {"force": 1}),
        ("deploy", {"forse": True}),
        ("deploy", []),
        ("deploy", "text"),
        ("pause", {"reason": 7}),
        ("pause", {"reason": "x" * 501}),
        ("resume", {"until": "never"}),
    ],
)
def test_a_body_of_another_shape_is_a_bad_request(client: FlaskClient, verb: str, body: object) -> None:
    assert post(client, f"/stacks/production/website/{verb}", body, 400)["detail"]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("deploy", {"force": None}),
        ("pause", {"reason": None}),
        ("resume", {"reason": None}),
        ("rollback", {"to": COMMIT, "hold": None}),
        ("rollback", {"to": None}),
    ],
)
def test_null_is_not_given(client: FlaskClient, services: Services, verb: str, body: object) -> None:
    services.state.records.put("production/website", a_record(COMMIT, previous=COMMIT), None)
    assert post(client, f"/stacks/production/website/{verb}", body)["run"]


@pytest.mark.parametrize("path", ["/repos/homelab/pull", "/stacks/production/website/deploy"])
def test_a_body_that_is_null_is_none(client: FlaskClient, path: str) -> None:
    assert client.post(f"/api/v1{path}", data=b"null").status_code == 202


def test_a_choice_that_has_to_be_made_cannot_be_null(client: FlaskClient) -> None:
    assert "data" in post(client, "/stacks/production/website/adopt", {"data": None}, 400)["detail"]
    assert "forse" in post(client, "/stacks/production/website/deploy", {"forse": None}, 400)["detail"]


@pytest.mark.parametrize(("body", "status"), [({}, 202), ({"force": False}, 202), ({"force": True}, 400), ([], 400)])
def test_a_pull_has_nothing_to_choose(client: FlaskClient, body: object, status: int) -> None:
    post(client, "/repos/homelab/pull", body, status)


@pytest.mark.parametrize("path", ["/repos/homelab/pull", "/stacks/production/website/deploy"])
@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"\xff", 400), (b"[" * 60_000, 400), (b" " * 70_000, 413)])
def test_a_body_that_is_no_json_is_refused(client: FlaskClient, body: bytes, status: int, path: str) -> None:
    assert client.post(f"/api/v1{path}", data=body).status_code == status


def test_without_redis_the_api_says_so(serve: Serve) -> None:
    client = create_app(serve(redis_url="unix:///nonexistent/redis.sock")).test_client()
    for response in (
        client.get("/api/v1/runs"),
        client.post("/api/v1/repos/homelab/pull"),
        client.get("/api/v1/events"),
    ):
        assert response.status_code == 503
        assert response.headers["Retry-After"]
