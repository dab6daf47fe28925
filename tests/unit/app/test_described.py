"""The description of the API is that of this API: no route more or less, and every answer it tells of is seen here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.http.bodies import LARGEST_DELIVERY, LARGEST_REQUEST
from app.http.factory import create_app
from app.http.idempotency import fingerprint
from app.http.operations import OPERATIONS
from tests import forges
from tests.described import Described
from tests.records import a_record
from tests.unit.app.conftest import Serve
from workers.adapters.state.deliveries import Delivery
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.live import Live, LiveService, watcher_name
from workers.adapters.state.liveness import Liveness
from workers.adapters.state.marks import Hold, Pin, Removed, Stop
from workers.adapters.state.past_deployment import EndedStep
from workers.adapters.state.results import StackResult
from workers.adapters.state.status import DecisionNote, DeploymentNote
from workers.celery import deploy_queue, pull_queue
from workers.model.secret import Secret
from workers.model.words import Action, Decision, Outcome, Reason, ServiceDecision
from workers.services import Services

STACK, OTHER, GONE = "production/website", "production/authelia", "production/gone"
AWAY = "unix:///nonexistent/redis.sock"
FROM_AFAR = {"REMOTE_ADDR": "203.0.113.7"}
NAMES = {"environment": "production", "repo": "homelab", "run": "none", "deployment": "none"}
BODIES = {"adopt": {"data": "leave"}, "rollback": {"to": "c1"}}
RANK = {"deploy": 0, "cancel": 1}
"""What waits can be cancelled as long as nothing else was asked for."""
Route = tuple[str, str]


class Driver:
    """Asks for answers of every kind, each of which is compared with the description.

    Attributes:
        described: by whichever application it was that was asked.
        missing: what has been described and not been seen.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.described = Described(create_app(serve()))
        self.missing = set(self.described.answers)

    def client(self, **settings: Any) -> FlaskClient:
        app = create_app(self._serve(**settings))
        app.after_request(self.described.compare)
        return app.test_client()

    def routes(self, status: int, method: str = "") -> Iterator[tuple[Route, str]]:
        """The routes that may answer like this, each with an address of it."""
        for verb, path, answered in sorted(self.missing):
            if answered == status and verb.startswith(method):
                name = "homelab" if path.startswith("/api/v1/repos") else "website"
                yield (verb, path), path.format(**NAMES, name=name)

    def expect(self, client: FlaskClient, route: Route, status: int, address: str, **request: Any) -> Any:
        answer = client.open(address, method=route[0].upper(), **request)
        assert answer.status_code == status, (route, answer.text)
        answer.close()
        self.missing.discard((*route, status))
        return answer


def delivery(body: bytes = b"") -> dict[str, Any]:
    made = forges.sign("generic", "", {"ref": "refs/heads/main"}) if not body else None
    if made:
        return {"data": made.body, "headers": made.headers}
    return {"data": body, "headers": {"Authorization": f"Bearer {forges.SECRET}".encode().decode("latin-1")}}


@pytest.fixture
def driver(serve: Serve) -> Driver:
    return Driver(serve)


def test_every_route_is_described_and_nothing_else(services: Services) -> None:
    app = create_app(services)
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(OPERATIONS)
    document = Described(app).document
    assert len({each["operationId"] for path in document["paths"].values() for each in path.values()}) == len(endpoints)


def test_every_answer_that_is_described_has_been_seen(driver: Driver, services: Services) -> None:
    refused(driver)
    away(driver)
    nowhere(driver)
    wrong(driver)
    sent_twice(driver, services)
    read(driver, services)
    acted(driver, services)
    delivered(driver)
    assert driver.missing == set()
    assert driver.described.seen >= driver.described.answers


def refused(driver: Driver) -> None:
    closed, tokenless = driver.client(api_open=None, api_token=Secret("t0k3n")), driver.client(api_open=None)
    for route, address in driver.routes(401):
        driver.expect(closed, route, 401, address)
    for route, address in driver.routes(403):
        driver.expect(tokenless, route, 403, address)
    guesses = {"headers": {"Authorization": "Bearer guess"}, "environ_overrides": FROM_AFAR}
    for _ in range(10):
        closed.get("/api/v1/stacks", **guesses)
    for route, address in driver.routes(429):
        assert driver.expect(closed, route, 429, address, **guesses).headers["Retry-After"]


def away(driver: Driver) -> None:
    routes = list(driver.routes(503))
    # Not made by the threads: Python 3.11 cannot parse in two of them at once, which is how Flask makes its routes.
    clients = [away_client(driver, needs_session="openapi" in address) for _, address in routes]

    def ask(client: FlaskClient, route: Route, address: str) -> None:
        body = BODIES.get(address.rpartition("/")[2], {})
        request = delivery() if address.startswith("/webhooks") else {"json": body} if route[0] == "post" else {}
        there = address.replace(STACK, GONE) if address.endswith("/forget") else address
        driver.expect(client, route, 503, there, **request)

    with ThreadPoolExecutor(8) as at_once:  # each is tried for a while
        list(at_once.map(ask, clients, *zip(*routes, strict=True)))


def away_client(driver: Driver, *, needs_session: bool) -> FlaskClient:
    """Somebody whose Tegu has lost its Redis; a session is all that the description asks it for."""
    client = driver.client(redis_url=AWAY, **({"api_open": None, "api_token": Secret("t")} if needs_session else {}))
    client.set_cookie("tegu_session_http", "x" * 43)
    return client


def nowhere(driver: Driver) -> None:
    client = driver.client()
    for route, address in driver.routes(404):
        body = BODIES.get(address.rpartition("/")[2], {})
        elsewhere = address.replace("website", "nothing").replace("homelab", "nothing")
        driver.expect(client, route, 404, elsewhere, **({"json": body} if route[0] == "post" else {}))


def wrong(driver: Driver) -> None:
    client = driver.client()
    for route, address in driver.routes(400):
        if address.startswith("/webhooks"):
            driver.expect(client, route, 400, address, **delivery(b"{"))
        elif route[0] == "post":
            driver.expect(client, route, 400, address, data=b"{")
        else:
            driver.expect(client, route, 400, f"{address}?nonsense=1")
    for route, address in driver.routes(413):
        largest = LARGEST_DELIVERY if address.startswith("/webhooks") else LARGEST_REQUEST
        driver.expect(client, route, 413, address, environ_overrides={"CONTENT_LENGTH": str(largest + 1)})


def sent_twice(driver: Driver, services: Services) -> None:
    client = driver.client()
    key = {"Idempotency-Key": "of-something-else"}
    assert client.post(f"/api/v1/stacks/{OTHER}/pause", headers=key).status_code == 202
    for route, address in driver.routes(422):
        driver.expect(client, route, 422, address, headers=key)
    for number, (route, address) in enumerate(driver.routes(409)):
        services.state.keyed_actions.begin(f"k{number}", fingerprint("POST", address, {}))
        driver.expect(client, route, 409, address, headers={"Idempotency-Key": f"k{number}"})


def read(driver: Driver, services: Services) -> None:
    client, state = driver.client(), services.state
    Liveness(state.redis).beat([queue(worker) for worker in ("local", "nas") for queue in (pull_queue, deploy_queue)])
    run = history(services)
    (deployment,) = state.deployments.list(STACK)
    state.deliveries.add([Delivery("homelab", "github", "queued", "2026-01-01T00:00:00.000Z", run=run)])
    known = {"none": deployment.id, "/runs/none": f"/runs/{run}"}
    for route, address in driver.routes(200, "get"):
        for missing, there in known.items() if "/runs/" not in address else [("/runs/none", f"/runs/{run}")]:
            address = address.replace(missing, there)  # noqa: PLW2901 (one address after the other)
        driver.expect(client, route, 200, address)
    as_list = client.get(f"/api/v1/deployments/{deployment.id}/log", headers={"Accept": "application/json"})
    assert as_list.get_json()["items"] == ["a line"]


def history(services: Services) -> str:
    """A run that has deployed the stack, and pulled; its id."""
    state = services.state
    run = state.runs.create("quiet", "webhook", ["local"], who="github")
    assert state.runs.start_pull(run, "quiet", "local")
    state.runs.plan(run, [(STACK, "c1")])
    decision = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, "c1")
    deployment = state.deployments.create(decision, run)
    state.deployments.tell(deployment, ["a line"], [EndedStep("up", 1.5, "2026-01-01T00:00:00.000Z")])
    state.deployments.finish(deployment, Outcome.DEPLOYED, seconds={"up": 1.5}, fingerprint="f1")
    state.runs.finish(state.runs.take(STACK), StackResult.of(decision, Outcome.DEPLOYED, deployment))
    state.runs.end_pull(run, "quiet", "local", commits={"main": "c1"}, error="still no answer", repo_ref="main")
    return run


def acted(driver: Driver, services: Services) -> None:
    client, state = driver.client(), services.state
    state.records.put(GONE, a_record("c1", worker="local", repo="homelab"), None, removed=Removed("gone", done="keep"))
    under_way = state.deployments.create(Decision(OTHER, Action.UP, Reason.FORCED, "c1"), None)
    routes = [each for each in driver.routes(202, "post") if not each[1].startswith("/webhooks")]
    for route, address in sorted(routes, key=lambda each: RANK.get(each[1].rpartition("/")[2], 2)):
        name = address.rpartition("/")[2]
        place = address.replace("none", under_way).replace(STACK, GONE if name == "forget" else STACK)
        lease = state.leases.acquire(stack_lease(OTHER), "deploying")
        assert lease is not None
        with lease:
            answer = driver.expect(client, route, 202, place, json=BODIES.get(name, {}))
        run = answer.get_json()["run"]
        assert answer.headers.get("Location") == (f"/api/v1/runs/{run}" if run else None)


def delivered(driver: Driver) -> None:
    client = driver.client()
    for status, request in ((202, delivery()), (200, vars(forges.ping("github")))):
        sent = {"data": request.get("data", request.get("body")), "headers": request["headers"]}
        for route, address in list(driver.routes(status)):
            driver.expect(client, route, status, address, **sent)


def test_all_that_may_be_said_of_a_stack_is_described(client: FlaskClient, services: Services) -> None:
    state, at = services.state, "2026-01-01T00:00:00.000Z"
    services_ = {"web": ServiceDecision(Action.RESTART, ("a/x",))}
    decision = Decision(
        STACK, Action.UP, Reason.CONTENT_CHANGED, "c1", ("a/x",), services_, objects={"a/x": (None, "1")}
    )
    state.records.put(
        STACK,
        a_record(deployment="d1"),
        None,
        removed=Removed("gone", "keep", "stop", at, by_default=True, forget="down"),
    )
    state.records.set_status(
        STACK,
        deployed_commit="c1",
        verified_commit="c1",
        latest_commit="c1",
        last_decision=DecisionNote.of(decision, "c1", "r1", at),
        last_deployment=DeploymentNote.of("d1", decision, Outcome.FAILED, at, "it failed"),
        drift={"web": "gone"},
        stopped=Stop("docker stop", at),
    )
    state.pauses.pause(STACK, "me", "because")
    state.holds.hold(STACK, Hold("f1", "why", "c1", "d1", Outcome.FAILED, 1, obstructed=True, beside=Hold("f2")))
    state.pins.pin(STACK, Pin("c1", "push", "me", id="p1", head="c2", before=Pin("c0", "release", "me", reached=True)))
    watcher = watcher_name("local", "unix:///var/run/docker.sock")
    state.live.write({STACK: Live({"web": LiveService("exited", None, at, "nginx", why="seen")}, watcher)})
    state.live.beat(watcher, None)
    (row,) = [each for each in client.get("/api/v1/stacks").get_json()["items"] if each["stack"] == STACK]
    assert None not in row.values()
    assert client.get(f"/api/v1/stacks/{STACK}").get_json().items() >= row.items()


@pytest.mark.parametrize("change", ["a field more", "a field less"])
def test_an_answer_that_is_not_as_described_is_noticed(
    services: Services, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    app = create_app(services)
    Described(app).watch()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    said = {"status": "ok", "more": 1} if change == "a field more" else {}
    monkeypatch.setitem(app.view_functions, "health.healthz", lambda: said)
    with pytest.raises(AssertionError, match=r"'more' was unexpected|'status' is a required property"):
        app.test_client().get("/healthz")


def test_the_description_says_who_may_what(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    reading, acting = (document["paths"][f"/api/v1/{path}"] for path in ("runs", "repos/{repo}/pull"))
    assert reading["get"]["security"] == [{"token": []}, {"session": []}]
    assert acting["post"]["security"] == [{"token": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    names = {each["name"]: each for each in reading["get"]["parameters"]}
    assert {"repo", "stack", "status", "trigger", "cursor", "limit"} == set(names)
    links = document["paths"]["/api/v1/deployments/{deployment}"]["get"]["responses"]["200"]["links"]
    assert links["run"] == {"operationId": "run", "parameters": {"run": "$response.body#/run"}}


def test_every_link_leads_somewhere(client: FlaskClient, services: Services) -> None:
    run = history(services)
    state = services.state
    (deployment,) = state.deployments.list(STACK)
    decision = Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, "c1")
    state.records.set_status(
        STACK,
        last_decision=DecisionNote.of(decision, "c1", run, ""),
        last_deployment=DeploymentNote.of(deployment.id, decision, Outcome.DEPLOYED, "", None),
    )
    places = {"stack": f"/stacks/{STACK}", "run": f"/runs/{run}", "deployment": f"/deployments/{deployment.id}"}
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    by_id = {each["operationId"]: path for path, methods in paths.items() for each in methods.values()}
    followed = 0
    for name, place in {**places, "repo": "/repos/homelab"}.items():
        body = client.get(f"/api/v1{place}").get_json()
        for link in paths[by_id[name]]["get"]["responses"]["200"]["links"].values():
            path = by_id[link["operationId"]]
            given = {each: found(body, where) for each, where in link["parameters"].items()}
            query = {each: value for each, value in given.items() if f"{{{each}}}" not in path}
            assert client.get(path.format(**given), query_string=query).status_code == 200, (name, link)
            followed += 1
    assert followed == 12


def found(body: Any, expression: str) -> str:
    """What an expression of OpenAPI (`$response.body#/a/b`) points to."""
    value = body
    for part in expression.partition("#/")[2].split("/"):
        value = value[part]
    return str(value)
