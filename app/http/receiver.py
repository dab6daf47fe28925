"""`POST /webhooks/<repo>`: verify, parse, ask for a pull, answer. Never Git, never Docker.

The order matters: nothing of a body is parsed, and Redis is not asked, before the sender has proved to know
the repo's secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from app import webhooks
from app.http.bodies import LARGEST_DELIVERY, whole_body
from app.http.delivery_book import DeliveryBook
from app.http.problems import problem, problem_of
from app.http.tally import Tally
from app.webhooks import Ignored, IgnoredReason, MalformedDelivery, Push
from workers.adapters.state.clock import now
from workers.adapters.state.deliveries import Delivery
from workers.model.errors import CatalogError
from workers.model.messages import shortened
from workers.model.stack import Repo
from workers.model.words import Trigger
from workers.reconcile.requests import request_pull
from workers.runtime.logs import get_logger
from workers.services import Services

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is answered, what became of the delivery in one word, why in a sentence, and the run that looks at it."""

    response: Response
    result: str
    detail: str = ""
    run: str | None = None


def create_receiver(services: Services, tally: Tally, book: DeliveryBook) -> Blueprint:
    """The blueprint of the webhooks.

    Args:
        services: the catalog, and what asking for a pull needs.
        tally: counts deliveries.
        book: notes them.
    """
    blueprint = Blueprint("receiver", __name__)

    @blueprint.post("/webhooks/<repo>", provide_automatic_options=False)
    def receive(repo: str) -> Response:
        headers = webhooks.lowered(request.headers.items())
        forge = webhooks.recognise(headers)
        answer = _Answer(Response(), "unavailable", "Redis, or the catalog, could not be asked")
        try:
            answer = _answer(services, repo, forge, headers)
        finally:
            tally.add("webhooks", forge.NAME, answer.result)
            if _is_known(services, repo):  # a stranger could make up names without end
                book.note(Delivery(repo, forge.NAME, answer.result, now(), answer.detail, answer.run))
        log.info("webhook", repo=repo, forge=forge.NAME, status=answer.response.status_code, result=answer.result)
        return answer.response

    return blueprint


def _answer(services: Services, name: str, forge: webhooks.Forge, headers: webhooks.Headers) -> _Answer:
    catalog = services.catalog.current()
    repo = catalog.repos.get(name)
    if repo is None:
        return _Answer(problem(HTTPStatus.NOT_FOUND, f"no repo is called {name!r}"), "unknown_repo")
    if not any(repo.webhook_secrets):
        return _unauthorized(f"webhooks of {name} are refused until it has a webhook_secret", "no_secret")
    try:
        with whole_body(request, LARGEST_DELIVERY) as body:
            if not _is_genuine(repo, forge, headers, body):
                return _unauthorized("the signature is missing or wrong", "unauthorized")
            event = forge.parse(headers, body)
    except HTTPException as error:
        return _Answer(problem_of(error), "unreadable", error.description or "")
    except MalformedDelivery as error:
        detail = f"{forge.NAME}: {error}"
        return _Answer(problem(HTTPStatus.BAD_REQUEST, detail), "malformed", shortened(detail))
    followed = catalog.refs(name)
    if isinstance(event, Push) and event.updates and not event.among(followed):
        event = _of_other_refs(event, followed)
    if isinstance(event, Ignored):
        return _ignored(event)
    run, status = _request(services, name, event, followed, forge.NAME)
    return _Answer(_json({"run": run, "status": status}, HTTPStatus.ACCEPTED), status, run=run)


def _is_known(services: Services, repo: str) -> bool:
    try:
        return repo in services.catalog.current().repos
    except CatalogError:
        return False


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


def _ignored(ignored: Ignored) -> _Answer:
    response = _json({"status": "ignored", "reason": ignored.reason, "detail": ignored.detail}, HTTPStatus.OK)
    return _Answer(response, "ignored", shortened(ignored.detail))


def _unauthorized(detail: str, result: str) -> _Answer:
    response = problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": 'Bearer realm="webhooks"'})
    return _Answer(response, result, detail)


def _json(value: dict[str, Any], status: HTTPStatus) -> Response:
    response = jsonify(value)
    response.status_code = status
    return response
