"""`/metrics`, read back with Prometheus' own parser."""

from __future__ import annotations

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app.http.factory import create_app
from tests import forges
from tests.records import a_record
from tests.unit.app.conftest import Serve
from workers.adapters.state.counters import Counters
from workers.adapters.state.deployed import RecordedContainer
from workers.adapters.state.histograms import observed
from workers.adapters.state.live import Live, LiveService, watcher_name
from workers.adapters.state.liveness import Liveness
from workers.adapters.state.marks import Hold, Removed
from workers.adapters.state.results import StackResult
from workers.model.words import Action, Decision, Outcome, Reason
from workers.services import Services

WEBSITE = "production/website"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(client: FlaskClient) -> Samples:
    response = client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def labels(**values: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))


def deliver(client: FlaskClient, forge: str, secret: str = forges.SECRET) -> None:
    delivery = forges.push(forge, secret=secret)
    client.post("/webhooks/homelab", data=delivery.body, headers=delivery.headers)


def test_webhooks_are_counted_by_forge_and_by_what_became_of_them(client: FlaskClient) -> None:
    deliver(client, "github")
    deliver(client, "github")
    deliver(client, "gitlab", secret="guess")
    found = scrape(client)
    assert found["tegu_webhooks_total", labels(forge="github", result="queued")] == 1
    assert found["tegu_webhooks_total", labels(forge="github", result="coalesced")] == 1
    assert found["tegu_webhooks_total", labels(forge="gitlab", result="unauthorized")] == 1


def test_whichever_process_is_asked_the_sums_are_the_same(serve: Serve) -> None:
    one, other = (create_app(serve()).test_client() for _ in range(2))
    deliver(one, "github")
    deliver(other, "github")
    scrape(one)
    assert scrape(other) == scrape(one)
    assert scrape(one)["tegu_webhooks_total", labels(forge="github", result="coalesced")] == 1


def test_services_are_counted_by_state_and_engines_are_seen_or_not(client: FlaskClient, services: Services) -> None:
    state, watcher = services.state, watcher_name("local", "unix:///var/run/docker.sock")
    record = a_record(containers={"w": RecordedContainer("1", "web", state="running")})
    state.records.put("production/shop", record, None)
    seen = {"web": LiveService("running", "unhealthy"), "job": LiveService("exited", done=True)}
    state.live.write({"production/shop": Live(seen, watcher)})
    state.live.beat(watcher, None)
    found = scrape(client)
    assert found["tegu_services", labels(state="unhealthy")] == 1
    assert found["tegu_services", labels(state="exited")] == 1
    assert found["tegu_services", labels(state="running")] == 0
    assert (found["tegu_services_wanted", labels()], found["tegu_services_well", labels()]) == (1, 0)
    engine = labels(worker="local", docker_host="unix:///var/run/docker.sock")
    assert found["tegu_engine_seen", engine] == 1
    state.live.beat(watcher, "2026-01-01T00:00:00.000Z")
    assert scrape(client)["tegu_engine_seen", engine] == 0
    assert scrape(client)["tegu_services", labels(state="unknown")] == 2


def test_stacks_are_counted_by_status(client: FlaskClient, services: Services) -> None:
    services.state.pauses.pause("production/website", who="me")
    found = scrape(client)
    assert found["tegu_stacks", labels(status="paused")] == 1
    assert found["tegu_stacks", labels(status="unknown")] == 2
    assert found["tegu_stacks", labels(status="deployed")] == 0


def test_runs_and_what_became_of_their_stacks_are_counted(client: FlaskClient, services: Services) -> None:
    runs = services.state.runs
    for outcome in (Outcome.DEPLOYED, Outcome.FAILED, Outcome.UNCHANGED):
        run = runs.create("homelab", "cli", [])
        runs.plan(run, [("production/website", "")])
        taken = runs.take("production/website")
        runs.finish(taken, StackResult("production/website", Action.UP, Reason.FORCED, outcome))
    found = scrape(client)
    assert found["tegu_runs_total", labels(status="succeeded")] == 2
    assert found["tegu_runs_total", labels(status="failed")] == 1
    assert found["tegu_stack_results_total", labels(outcome="deployed")] == 1
    assert found["tegu_stack_results_total", labels(outcome="failed")] == 1


def test_how_long_things_took_is_counted_by_size(client: FlaskClient, services: Services) -> None:
    state = services.state
    run = state.runs.create("homelab", "cli", ["local"])
    assert state.runs.start_pull(run, "homelab", "local")
    assert state.runs.start_pull(run, "homelab", "local")  # its task was delivered twice
    state.runs.plan(run, [(WEBSITE, "c1")])
    state.runs.take(WEBSITE)
    state.runs.take(WEBSITE, orphans=True)
    for _ in range(2):
        state.runs.end_pull(run, "homelab", "local", commits={"main": "c1"}, error=None, repo_ref="main")
    decision = Decision(WEBSITE, Action.UP, Reason.FORCED, "c1")
    for seconds in ({"up": 0.5, "wait until healthy": 2.0}, {"up": 1000.0}):
        deployment = state.deployments.create(decision, run)
        state.deployments.finish(deployment, Outcome.DEPLOYED, seconds=seconds)
    found = scrape(client)
    assert found["tegu_pull_seconds_count", labels(repo="homelab")] == 1
    assert found["tegu_queue_wait_seconds_count", labels(task="pull")] == 1
    assert found["tegu_queue_wait_seconds_count", labels(task="deploy_if_changed")] == 1
    assert found["tegu_deployment_step_seconds_count", labels(step="up")] == 2
    assert found["tegu_deployment_step_seconds_bucket", labels(step="up", le="0.25")] == 0
    assert found["tegu_deployment_step_seconds_bucket", labels(step="up", le="1")] == 1
    assert found["tegu_deployment_step_seconds_bucket", labels(step="up", le="900")] == 1
    assert found["tegu_deployment_step_seconds_bucket", labels(step="up", le="+Inf")] == 2
    assert found["tegu_deployment_step_seconds_sum", labels(step="wait until healthy")] == 2
    assert found["tegu_deployment_seconds_sum", labels(outcome="deployed")] == 1002.5


def test_a_repo_that_is_gone_from_the_catalog_is_none_of_the_labels(client: FlaskClient, services: Services) -> None:
    Counters(services.state.redis).add({**observed("pull", "homelab", 1), **observed("pull", "sold", 1)})
    repos = {dict(found)["repo"] for name, found in scrape(client) if name == "tegu_pull_seconds_count"}
    assert repos == {"homelab"}


def test_what_has_drifted_is_held_or_obstructed_is_counted_while_it_is_there(
    client: FlaskClient, services: Services
) -> None:
    state = services.state
    for stack in (WEBSITE, "production/gone"):
        state.records.set_status(stack, drift={"web": "gone", "db": "other"}, latest_commit="c2", verified_commit="c1")
        state.holds.hold(stack, Hold("f1", obstructed=True))
    state.records.set_status("production/gone", removed=Removed("gone"))
    state.holds.hold("production/authelia", Hold("f1"))
    found = {name: value for (name, _), value in scrape(client).items()}
    assert (found["tegu_stacks_drifted"], found["tegu_services_drifted"], found["tegu_stacks_behind"]) == (1, 2, 1)
    assert (found["tegu_stacks_held"], found["tegu_stacks_obstructed"]) == (2, 1)


def test_queues_show_their_length_and_whether_somebody_works_on_them(client: FlaskClient, services: Services) -> None:
    Liveness(services.state.redis).beat(["tegu.local.pull"])
    deliver(client, "github")
    found = scrape(client)
    assert found["tegu_queue_messages", labels(queue="tegu.local.pull")] == 1
    assert found["tegu_worker_alive", labels(queue="tegu.local.pull")] == 1
    assert found["tegu_worker_alive", labels(queue="tegu.local.deploy")] == 0
    assert found["tegu_redis_up", ()] == 1
    assert found["tegu_catalog_valid", ()] == 1


def test_without_redis_that_is_what_is_shown(serve: Serve) -> None:
    client = create_app(serve(redis_url="unix:///nonexistent/redis.sock")).test_client()
    assert scrape(client) == {("tegu_redis_up", ()): 0, ("tegu_catalog_valid", ()): 1}


def test_without_a_catalog_that_is_what_is_shown(serve: Serve) -> None:
    services = serve()
    services.settings.catalog.unlink()
    assert scrape(create_app(services).test_client()) == {("tegu_redis_up", ()): 1, ("tegu_catalog_valid", ()): 0}


def test_a_repo_that_cannot_be_pulled_is_seen(client: FlaskClient, services: Services) -> None:
    services.state.repos.note_failed_try("homelab", "nas", "no answer")
    with services.state.repos.asking("homelab", "local", "git.example.com", 60):
        found = scrape(client)
    assert found["tegu_repo_pull_failed", labels(repo="homelab", worker="nas")] == 1
    assert found["tegu_repo_pull_timestamp_seconds", labels(repo="homelab", worker="nas")] > 1.7e9
    assert ("tegu_repo_good_pull_timestamp_seconds", labels(repo="homelab", worker="nas")) not in found
    asked = labels(repo="homelab", worker="local", host="git.example.com")
    assert found["tegu_repo_asking_since_timestamp_seconds", asked] > 1.7e9


def test_since_when_a_repo_was_not_seen_as_it_is_can_be_told(client: FlaskClient, services: Services) -> None:
    state, name = services.state, "tegu_repo_good_pull_timestamp_seconds"
    run = state.runs.create("homelab", "cli", ["local"])
    state.runs.start_pull(run, "homelab", "local")
    state.runs.end_pull(run, "homelab", "local", commits={"main": "c1"}, error=None, repo_ref="main")
    good = scrape(client)[name, labels(repo="homelab", worker="local")]
    for _ in range(2):
        state.repos.note_failed_try("homelab", "local", "no answer")
        assert scrape(client)[name, labels(repo="homelab", worker="local")] == good
