"""`/api/v1`: what is known, as JSON, and the requests that people make of stacks and repos."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from app.http import schemas
from app.http.auth import Guard
from app.http.bodies import LARGEST_REQUEST, whole_body
from app.http.sessions import Sessions
from app.http.streams import Streams
from workers.model.errors import UnknownName, UsageError
from workers.model.stack import Stack
from workers.model.words import Trigger
from workers.reconcile import requests as orders
from workers.reconcile.cancel import request_cancel
from workers.reconcile.forget import request_forget
from workers.services import Services

WHO = "api"
"""Who is said to have asked: whoever has the token, which is nobody in particular."""

Found = TypeVar("Found")
Answer = dict[str, Any] | tuple[dict[str, Any], HTTPStatus]


def create_api(services: Services) -> Blueprint:
    """The blueprint of the API."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    guard = Guard(services.settings, Sessions(services.state.sessions, services.settings.api_token))
    blueprint.before_request(lambda: guard.check(request))
    _add_reading(blueprint, services)
    _add_streams(blueprint, services)
    _add_requests(blueprint, services)
    _add_orders(blueprint, services)
    _add_cancelling(blueprint, services)
    return blueprint


def _add_reading(blueprint: Blueprint, services: Services) -> None:
    state = services.state

    @blueprint.get("/stacks")
    def stacks() -> Answer:
        wanted = schemas.read_request(schemas.PageRequest, request.args.to_dict())
        return schemas.stack_page(services.catalog.current(), state, wanted)

    @blueprint.get("/stacks/<environment>/<name>")
    def stack(environment: str, name: str) -> Answer:
        return schemas.stack_detail(services.catalog.current(), state, f"{environment}/{name}")

    @blueprint.get("/repos")
    def repos() -> Answer:
        found = schemas.repo_states(services.catalog.current(), state)
        return schemas.page([each.to_json() for each in found], None)

    @blueprint.get("/repos/<name>")
    def repo(name: str) -> Answer:
        return schemas.repo_detail(services.catalog.current(), state, name)

    @blueprint.get("/deliveries")
    def deliveries() -> Answer:
        wanted = schemas.read_request(schemas.DeliveriesRequest, request.args.to_dict())
        known = services.catalog.current().repos
        return schemas.page([each.to_json() for each in state.deliveries.list(wanted.of(known))], None)

    @blueprint.get("/runs")
    def runs() -> Answer:
        wanted = schemas.read_request(schemas.RunPageRequest, request.args.to_dict())
        found = state.runs.list(wanted.cursor, wanted.limit, repo=wanted.repo, stack=wanted.stack)
        return schemas.page([each.to_json() for each in found.items], found.next)

    @blueprint.get("/runs/<run>")
    def run(run: str) -> Answer:
        return _found(state.runs.get(run), f"run {run}").to_json()

    @blueprint.get("/deployments/<deployment>")
    def deployment(deployment: str) -> Answer:
        return _found(state.deployments.get(deployment), f"deployment {deployment}").to_json()


def _add_streams(blueprint: Blueprint, services: Services) -> None:
    streams = Streams(services.state)

    @blueprint.get("/deployments/<deployment>/log")
    def log(deployment: str) -> Response | Answer:
        _found(services.state.deployments.get(deployment), f"deployment {deployment}")
        if request.accept_mimetypes.best_match(("text/plain", "application/json")) == "application/json":
            wanted = schemas.read_request(schemas.PageRequest, request.args.to_dict())
            return streams.log_page(deployment, wanted.cursor, wanted.limit)
        follow = request.args.get("follow", "").lower() in {"1", "true", "yes"}
        return streams.log(deployment, follow=follow)

    @blueprint.get("/events")
    def events() -> Response:
        return streams.events(request.headers.get("Last-Event-ID") or request.args.get("last_event_id"))


def _add_requests(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/repos/<repo>/pull")
    def pull(repo: str) -> Answer:
        schemas.read_request(schemas.PullRequest, _body())
        _found(services.catalog.current().repos.get(repo), f"repo {repo}")
        run, status = orders.request_pull(services, repo, Trigger.API, who=WHO)
        return {"run": run, "status": status}, HTTPStatus.ACCEPTED

    @blueprint.post("/stacks/<environment>/<name>/deploy")
    def deploy(environment: str, name: str) -> Answer:
        body = schemas.read_request(schemas.DeployRequest, _body())
        stack = f"{environment}/{name}"
        run = orders.request_deploy(services, [stack], force=body.force, trigger=Trigger.API, who=WHO)
        return {"run": run, "status": "queued"}, HTTPStatus.ACCEPTED


def _add_orders(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/stacks/<environment>/<name>/rollback")
    def rollback(environment: str, name: str) -> Answer:
        body = schemas.read_request(schemas.RollbackRequest, _body())
        stack = f"{environment}/{name}"
        run = orders.request_rollback(services, stack, to=body.to, hold=body.hold, who=WHO, trigger=Trigger.API)
        return {"run": run, "status": "queued"}, HTTPStatus.ACCEPTED

    @blueprint.post("/stacks/<environment>/<name>/adopt")
    def adopt(environment: str, name: str) -> Answer:
        body = schemas.read_request(schemas.AdoptRequest, _body())
        stack = f"{environment}/{name}"
        run = orders.request_adoption(services, stack, data=body.data, source=body.source, who=WHO, trigger=Trigger.API)
        return {"run": run, "status": "queued"}, HTTPStatus.ACCEPTED

    @blueprint.post("/stacks/<environment>/<name>/forget")
    def forget(environment: str, name: str) -> Answer:
        body = schemas.read_request(schemas.ForgetRequest, _body())
        stack = f"{environment}/{name}"
        run = request_forget(services, stack, down=body.down, who=WHO, trigger=Trigger.API)
        return {"run": run, "status": "queued"}, HTTPStatus.ACCEPTED

    @blueprint.post("/stacks/<environment>/<name>/pause")
    def pause(environment: str, name: str) -> Answer:
        body = schemas.read_request(schemas.PauseRequest, _body())
        stack = services.stacks.find(f"{environment}/{name}")
        orders.pause(services, stack, who=WHO, why=body.reason)
        return _look(services, stack)

    @blueprint.post("/stacks/<environment>/<name>/resume")
    def resume(environment: str, name: str) -> Answer:
        schemas.read_request(schemas.PauseRequest, _body())
        stack = services.stacks.find(f"{environment}/{name}")
        orders.resume(services, stack)
        return _look(services, stack)


def _add_cancelling(blueprint: Blueprint, services: Services) -> None:
    def cancel(name: str) -> Answer:
        schemas.read_request(schemas.CancelRequest, _body())
        cancelled = request_cancel(services, name, who=WHO)
        status = "cancelling" if cancelled.deployment else "cancelled"
        return {**cancelled.to_json(), "status": status}, HTTPStatus.ACCEPTED

    @blueprint.post("/deployments/<deployment>/cancel")
    def cancel_deployment(deployment: str) -> Answer:
        _found(services.state.deployments.get(deployment), f"deployment {deployment}")
        return cancel(deployment)

    @blueprint.post("/stacks/<environment>/<name>/cancel")
    def cancel_stack(environment: str, name: str) -> Answer:
        return cancel(f"{environment}/{name}")


def _look(services: Services, stack: Stack) -> Answer:
    """Let the stack's worker look at its repo, as any push does, so that what the mark changes is seen at once."""
    run, status = orders.request_pull(services, stack.repo, Trigger.API, workers=(stack.worker,), who=WHO)
    return {"run": run, "status": status}, HTTPStatus.ACCEPTED


def _found(value: Found | None, name: str) -> Found:
    if value is None:
        message = f"there is no {name}"
        raise UnknownName(message)
    return value


def _body() -> object:
    """The request's JSON; nothing at all counts as an empty object."""
    with whole_body(request, LARGEST_REQUEST) as text:
        if not text.strip():
            return {}
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            message = "the body is not JSON"
            raise UsageError(message) from error
