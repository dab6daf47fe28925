"""`/api/v1`: what is known, as JSON, and the requests that people make of stacks and repos."""

from __future__ import annotations

from http import HTTPStatus
from importlib import import_module
from typing import Any, TypeVar

from flask import Blueprint, Response, current_app, request

from app.http import requests as asked
from app.http import schemas
from app.http.asking import asking
from app.http.auth import Guard
from app.http.idempotency import Repeats
from app.http.sessions import Sessions, cookie_name
from app.http.streams import Streams
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.adapters.state.run import RunHead
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.model.words import Trigger
from workers.reconcile import requests as orders
from workers.reconcile.cancel import request_cancel
from workers.reconcile.forget import request_forget
from workers.services import Services

WHO = "api"
"""Who is said to have asked: whoever has the token, which is nobody in particular."""

Found = TypeVar("Found")
Answer = dict[str, Any] | tuple[dict[str, Any], HTTPStatus, dict[str, str]]


def create_api(services: Services) -> Blueprint:
    """The blueprint of the API."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    guard = Guard(services.settings, Sessions(services.state.sessions, services.settings.api_token))
    repeats = Repeats(services.state.keyed_actions)
    blueprint.before_request(lambda: guard.check(request))
    blueprint.before_request(repeats.begin)
    blueprint.after_request(repeats.end)
    _add_reading(blueprint, services)
    _add_history(blueprint, services)
    _add_streams(blueprint, services)
    _add_requests(blueprint, services)
    _add_orders(blueprint, services)
    _add_cancelling(blueprint, services)
    _add_description(blueprint)
    return blueprint


def _add_reading(blueprint: Blueprint, services: Services) -> None:
    state = services.state

    @blueprint.get("/stacks")
    @asking(asked.StacksQuery)
    def stacks(wanted: asked.StacksQuery) -> Answer:
        return schemas.stack_page(services.catalog.current(), state, wanted)

    @blueprint.get("/stacks/<environment>/<name>")
    def stack(environment: str, name: str) -> Answer:
        return schemas.stack_detail(services.catalog.current(), state, f"{environment}/{name}")

    @blueprint.get("/repos")
    @asking(asked.Query)
    def repos(_: asked.Query) -> Answer:
        found = schemas.repo_states(services.catalog.current(), state)
        return schemas.page([each.to_json() for each in found], None)

    @blueprint.get("/repos/<name>")
    def repo(name: str) -> Answer:
        return schemas.repo_detail(services.catalog.current(), state, name)

    @blueprint.get("/deliveries")
    @asking(asked.DeliveriesQuery)
    def deliveries(wanted: asked.DeliveriesQuery) -> Answer:
        found = state.deliveries.list(wanted.of(services.catalog.current().repos))
        shown = [each.to_json() for each in found if wanted.result in {None, each.result}]
        return schemas.page(shown, None)


def _add_history(blueprint: Blueprint, services: Services) -> None:
    state = services.state

    @blueprint.get("/runs")
    @asking(asked.RunsQuery)
    def runs(wanted: asked.RunsQuery) -> Answer:
        def is_wanted(run: RunHead) -> bool:
            return wanted.status in {None, run.status} and wanted.trigger in {None, run.trigger}

        keep = is_wanted if wanted.status or wanted.trigger else None
        found = state.runs.list(wanted.cursor, wanted.limit, repo=wanted.repo, stack=wanted.stack, keep=keep)
        return schemas.page([each.to_json() for each in found.items], found.next)

    @blueprint.get("/runs/<run>")
    def run(run: str) -> Answer:
        return _found(state.runs.get(run), f"run {run}").to_json()

    @blueprint.get("/deployments")
    @asking(asked.DeploymentsQuery)
    def deployments(wanted: asked.DeploymentsQuery) -> Answer:
        def is_wanted(each: RecordedDeployment) -> bool:
            facts = ((wanted.run, each.run), (wanted.status, each.status), (wanted.outcome, each.outcome))
            return all(wish in {None, fact} for wish, fact in facts)

        found = state.deployments.page(wanted.cursor, wanted.limit, stack=wanted.stack, keep=is_wanted)
        return schemas.page([each.to_json() for each in found.items], found.next)

    @blueprint.get("/deployments/<deployment>")
    def deployment(deployment: str) -> Answer:
        return _found(state.deployments.get(deployment), f"deployment {deployment}").to_json()


def _add_streams(blueprint: Blueprint, services: Services) -> None:
    streams = Streams(services.state)

    @blueprint.get("/deployments/<deployment>/log")
    @asking(asked.LogQuery)
    def log(wanted: asked.LogQuery, deployment: str) -> Response | Answer:
        _found(services.state.deployments.get(deployment), f"deployment {deployment}")
        if request.accept_mimetypes.best_match(("text/plain", "application/json")) == "application/json":
            return streams.log_page(deployment, wanted.cursor, wanted.limit)
        return streams.log(deployment, follow=wanted.follows)

    @blueprint.get("/events")
    @asking(asked.EventsQuery)
    def events(wanted: asked.EventsQuery) -> Response:
        return streams.events(request.headers.get("Last-Event-ID") or wanted.last_event_id)


def _add_requests(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/repos/<repo>/pull")
    @asking(asked.PullRequest)
    def pull(_: asked.PullRequest, repo: str) -> Answer:
        _found(services.catalog.current().repos.get(repo), f"repo {repo}")
        run, status = orders.request_pull(services, repo, Trigger.API, who=WHO)
        return _queued(run, status)

    @blueprint.post("/stacks/<environment>/<name>/deploy")
    @asking(asked.DeployRequest)
    def deploy(body: asked.DeployRequest, environment: str, name: str) -> Answer:
        stack = f"{environment}/{name}"
        run = orders.request_deploy(services, [stack], force=body.force, trigger=Trigger.API, who=WHO)
        return _queued(run)


def _add_orders(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/stacks/<environment>/<name>/rollback")
    @asking(asked.RollbackRequest)
    def rollback(body: asked.RollbackRequest, environment: str, name: str) -> Answer:
        stack = f"{environment}/{name}"
        run = orders.request_rollback(services, stack, to=body.to, hold=body.hold, who=WHO, trigger=Trigger.API)
        return _queued(run)

    @blueprint.post("/stacks/<environment>/<name>/adopt")
    @asking(asked.AdoptRequest)
    def adopt(body: asked.AdoptRequest, environment: str, name: str) -> Answer:
        stack = f"{environment}/{name}"
        run = orders.request_adoption(services, stack, data=body.data, source=body.source, who=WHO, trigger=Trigger.API)
        return _queued(run)

    @blueprint.post("/stacks/<environment>/<name>/forget")
    @asking(asked.ForgetRequest)
    def forget(body: asked.ForgetRequest, environment: str, name: str) -> Answer:
        stack = f"{environment}/{name}"
        run = request_forget(services, stack, down=body.down, who=WHO, trigger=Trigger.API)
        return _queued(run)

    @blueprint.post("/stacks/<environment>/<name>/pause")
    @asking(asked.PauseRequest)
    def pause(body: asked.PauseRequest, environment: str, name: str) -> Answer:
        stack = services.stacks.find(f"{environment}/{name}")
        orders.pause(services, stack, who=WHO, why=body.reason)
        return _look(services, stack)

    @blueprint.post("/stacks/<environment>/<name>/resume")
    @asking(asked.PauseRequest)
    def resume(_: asked.PauseRequest, environment: str, name: str) -> Answer:
        stack = services.stacks.find(f"{environment}/{name}")
        orders.resume(services, stack)
        return _look(services, stack)


def _add_cancelling(blueprint: Blueprint, services: Services) -> None:
    def cancel(name: str) -> Answer:
        cancelled = request_cancel(services, name, who=WHO)
        status = "cancelling" if cancelled.deployment else "cancelled"
        return _accepted({**cancelled.to_json(), "status": status})

    @blueprint.post("/deployments/<deployment>/cancel")
    @asking(asked.CancelRequest)
    def cancel_deployment(_: asked.CancelRequest, deployment: str) -> Answer:
        _found(services.state.deployments.get(deployment), f"deployment {deployment}")
        return cancel(deployment)

    @blueprint.post("/stacks/<environment>/<name>/cancel")
    @asking(asked.CancelRequest)
    def cancel_stack(_: asked.CancelRequest, environment: str, name: str) -> Answer:
        return cancel(f"{environment}/{name}")


def _add_description(blueprint: Blueprint) -> None:
    @blueprint.get("/openapi.json")
    def openapi() -> Answer:
        # Loaded by whoever asks first: what makes it takes more memory than all else that answers here.
        described: dict[str, Any] = import_module("app.http.openapi").describe(current_app, cookie_name(request))
        return described


def _look(services: Services, stack: Stack) -> Answer:
    """Let the stack's worker look at its repo, as any push does, so that what the mark changes is seen at once."""
    run, status = orders.request_pull(services, stack.repo, Trigger.API, workers=(stack.worker,), who=WHO)
    return _queued(run, status)


def _queued(run: str, status: str = "queued") -> Answer:
    return _accepted({"run": run, "status": status})


def _accepted(told: dict[str, Any]) -> Answer:
    """What was asked for, and where to see what becomes of it."""
    place = {"Location": f"/api/v1/runs/{told['run']}"} if told["run"] else {}
    return told, HTTPStatus.ACCEPTED, place


def _found(value: Found | None, name: str) -> Found:
    if value is None:
        message = f"there is no {name}"
        raise UnknownName(message)
    return value
