"""Lists that are asked for a part of what they have."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from workers.adapters.state import keys
from workers.adapters.state.deliveries import Delivery
from workers.adapters.state.results import StackResult
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

A, W, S = "production/authelia", "production/website", "staging/authelia"


def get(client: FlaskClient, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == status, answer.text
    return answer.get_json(force=True)


def names(client: FlaskClient, path: str, name: str) -> list[str]:
    return [each[name] for each in get(client, path)["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("environment=staging", [S]),
        ("repo=homelab", [A, W, S]),
        ("repo=quiet", ["staging/found"]),
        ("host=nas", [S, "staging/found"]),
        ("host=unix:///var/run/docker.sock", [A, W, S, "staging/found"]),
        ("status=paused", [W]),
        ("status=paused&environment=staging", []),
        ("environment=nowhere", []),
    ],
)
def test_stacks_are_found_by_where_they_are_and_how_they_stand(
    client: FlaskClient, services: Services, query: str, found: list[str]
) -> None:
    services.state.discovered.replace("quiet", ["staging"], {"staging/found": "found"})
    services.state.records.set_status("staging/found", latest_commit="c1")
    services.state.pauses.pause(W, "me")
    if query.startswith("environment=staging"):
        found = [*found, "staging/found"]
    assert names(client, f"/stacks?{query}", "stack") == found


def test_a_page_of_stacks_of_one_status_goes_on_where_it_ended(client: FlaskClient, services: Services) -> None:
    for stack in (A, S):
        services.state.pauses.pause(stack, "me")
    first = get(client, "/stacks?status=paused&limit=1")
    assert ([each["stack"] for each in first["items"]], first["next"]) == ([A], A)
    last = get(client, f"/stacks?status=paused&limit=1&cursor={first['next']}")
    assert ([each["stack"] for each in last["items"]], last["next"]) == ([S], None)


def test_runs_are_found_by_how_they_stand_and_what_started_them(client: FlaskClient, services: Services) -> None:
    runs = services.state.runs
    pushed = sorted((runs.create("homelab", "webhook", ["local"]) for _ in range(2)), reverse=True)
    polled = runs.create("homelab", "poll", ["local"])
    done = runs.create("homelab", "reconcile", ())
    runs.plan(done, [(A, "c1")])
    runs.finish(runs.take(A), StackResult(A, Action.NONE, Reason.UNCHANGED, Outcome.UNCHANGED))
    assert names(client, "/runs?trigger=webhook", "id") == pushed
    assert names(client, "/runs?status=queued&repo=homelab", "id") == sorted([*pushed, polled], reverse=True)
    assert names(client, "/runs?status=succeeded", "id") == [done]
    first = get(client, "/runs?trigger=webhook&limit=1")
    rest = get(client, f"/runs?trigger=webhook&limit=1&cursor={first['next']}")
    assert [each["id"] for each in first["items"] + rest["items"]] == pushed
    assert rest["next"] is None


@pytest.fixture
def deployments(services: Services) -> dict[str, str]:
    """A failed and a good one of a stack, and one of another that is under way."""
    made = {}
    for name, stack, run, outcome in (
        ("failed", A, "r1", Outcome.FAILED),
        ("good", A, "r2", Outcome.DEPLOYED),
        ("running", W, "r2", None),
    ):
        decision = Decision(stack, Action.UP, Reason.CONTENT_CHANGED, "c1")
        made[name] = services.state.deployments.create(decision, run)
        if outcome:
            services.state.deployments.finish(made[name], outcome)
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["running", "good", "failed"]),
        (f"stack={A}", ["good", "failed"]),
        ("run=r2", ["running", "good"]),
        ("outcome=failed", ["failed"]),
        ("status=running", ["running"]),
        (f"stack={W}&outcome=failed", []),
        ("stack=production/none", []),
    ],
)
def test_deployments_are_listed_newest_first_of_all_or_of_some(
    client: FlaskClient, deployments: dict[str, str], query: str, found: list[str]
) -> None:
    assert sorted(names(client, f"/deployments?{query}", "id")) == sorted(deployments[name] for name in found)


def test_deployments_come_in_pages(client: FlaskClient, deployments: dict[str, str]) -> None:
    everything = sorted(deployments.values(), reverse=True)
    for query in ("limit=2", f"limit=1&stack={A}"):
        first = get(client, f"/deployments?{query}")
        rest = get(client, f"/deployments?{query}&cursor={first['next']}")
        found = [each["id"] for each in first["items"] + rest["items"]]
        assert rest["next"] is None
        assert found == [each for each in everything if "stack" not in query or each != deployments["running"]]


def test_a_deployment_that_has_expired_is_left_out(
    client: FlaskClient, services: Services, deployments: dict[str, str]
) -> None:
    services.state.redis.delete(keys.deployment(deployments["good"]))
    assert deployments["good"] not in names(client, "/deployments", "id")


def test_only_so_many_deployments_of_all_stacks_are_listed(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_DEPLOYMENTS", 2)
    made = [services.state.deployments.create(Decision(A, Action.UP, Reason.FORCED, "c1"), None) for _ in range(3)]
    assert sorted(names(client, "/deployments", "id")) == sorted(made)[1:]
    assert len(names(client, f"/deployments?stack={A}", "id")) == 3


def test_deliveries_are_found_by_what_became_of_them(client: FlaskClient, services: Services) -> None:
    kept = [Delivery("homelab", "github", result, f"2026-01-01T00:00:0{at}.000Z") for at, result in enumerate("ab")]
    services.state.deliveries.add(kept)
    assert names(client, "/deliveries?result=a", "result") == ["a"]
    assert names(client, "/deliveries?result=a&repo=quiet", "result") == []


@pytest.mark.parametrize(
    "path",
    [
        "/stacks?status=fine",
        "/stacks?branch=main",
        "/runs?status=done",
        "/runs?trigger=me",
        "/deployments?outcome=good",
        "/deployments?status=queue",
        "/deployments?limit=0",
        "/deliveries?limit=1",
        "/repos?limit=1",
        "/events?after=1",
    ],
)
def test_what_a_list_cannot_be_asked_is_a_bad_request(client: FlaskClient, path: str) -> None:
    name = path.partition("?")[2].partition("=")[0]
    assert name in get(client, path, 400)["detail"]
