"""`POST /webhooks/<repo>`: verify, parse, ask for a pull, answer. Never Git, never Docker.

The order matters: nothing of a body is parsed, and Redis is not asked, before the sender has proved to know
the repo's secret.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from app import webhooks
from app.http.bodies import LARGEST_DELIVERY, whole_body
from app.http.problems import problem, problem_of
from app.http.tally import Tally
from app.webhooks import Ignored, IgnoredReason, MalformedDelivery, Push
from workers.model.stack import Repo
from workers.model.words import Trigger
from workers.reconcile.requests import request_pull
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)


def create_receiver(services: Services, tally: Tally) -> Blueprint:
    """The blueprint of the webhooks.

    Args:
        services: the catalog, and what asking for a pull needs.
        tally: counts deliveries.
    """
    blueprint = Blueprint("receiver", __name__)

    @blueprint.post("/webhooks/<repo>", provide_automatic_options=False)
    def receive(repo: str) -> Response:
        headers = webhooks.lowered(request.headers.items())
        forge = webhooks.recognise(headers)
        result = "unavailable"
        try:
            response, result = _answer(services, repo, forge, headers)
        finally:
            tally.add("webhooks", forge.NAME, result)
        log.info("webhook", repo=repo, forge=forge.NAME, status=response.status_code, result=result)
        return response

    return blueprint


def _answer(services: Services, name: str, forge: webhooks.Forge, headers: webhooks.Headers) -> tuple[Response, str]:
    """The response, and in one word what became of the delivery."""
    catalog = services.catalog.current()
    repo = catalog.repos.get(name)
    if repo is None:
        return problem(HTTPStatus.NOT_FOUND, f"no repo is called {name!r}"), "unknown_repo"
    if not any(repo.webhook_secrets):
        return _unauthorized(f"webhooks of {name} are refused until it has a webhook_secret"), "no_secret"
    try:
        with whole_body(request, LARGEST_DELIVERY) as body:
            if not _is_genuine(repo, forge, headers, body):
                return _unauthorized("the signature is missing or wrong"), "unauthorized"
            event = forge.parse(headers, body)
    except HTTPException as error:
        return problem_of(error), "unreadable"
    except MalformedDelivery as error:
        return problem(HTTPStatus.BAD_REQUEST, f"{forge.NAME}: {error}"), "malformed"
    followed = catalog.refs(name)
    if isinstance(event, Push) and event.updates and not event.among(followed):
        event = _of_other_refs(event, followed)
    if isinstance(event, Ignored):
        return _ignored(event), "ignored"
    run, status = _request(services, name, event, followed, forge.NAME)
    return _json({"run": run, "status": status}, HTTPStatus.ACCEPTED), status


def _is_genuine(repo: Repo, forge: webhooks.Forge, headers: webhooks.Headers, body: bytes) -> bool:
    secrets = (secret.reveal().encode() for secret in repo.webhook_secrets)
    return webhooks.is_genuine(forge, headers, body, secrets)


def _request(services: Services, repo: str, push: Push, followed: tuple[str, ...], forge: str) -> tuple[str, str]:
    """Ask for one pull, which looks at every ref; a commit of any ref that is not fetched yet is reason enough."""
    updates = push.among(followed) or (None,)
    for update in updates:
        commit, ref = (update.commit, update.ref) if update else (None, None)
        run, status = request_pull(services, repo, Trigger.WEBHOOK, commit=commit, ref=ref, who=forge)
        if status == "queued":
            break
    return run, status


def _of_other_refs(push: Push, followed: tuple[str, ...]) -> Ignored:
    pushed = ", ".join(update.ref for update in push.updates[:3])
    return Ignored(IgnoredReason.OTHER_REF, f"no stack follows {pushed}; followed: {', '.join(followed)}")


def _ignored(ignored: Ignored) -> Response:
    return _json({"status": "ignored", "reason": ignored.reason, "detail": ignored.detail}, HTTPStatus.OK)


def _unauthorized(detail: str) -> Response:
    return problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": 'Bearer realm="webhooks"'})


def _json(value: dict[str, Any], status: HTTPStatus) -> Response:
    response = jsonify(value)
    response.status_code = status
    return response
