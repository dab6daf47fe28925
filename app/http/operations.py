"""What the description of the API says of each route that its code does not: a summary, answers, errors, links.

By endpoint, as Flask calls routes. Names in addresses, queries and bodies are taken from the routes themselves
(`app.http.openapi`). That nothing is missing here, and nothing too much, is seen by `tests/unit/app/test_described.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus as Http
from typing import Any, TypeAlias

from app.http import shapes

JSON, PROBLEM, TEXT = "application/json", "application/problem+json", "text/plain"
Content: TypeAlias = Mapping[str, object]
"""The shape of what is answered, by media type."""
Statuses: TypeAlias = tuple[Http, ...]


class Access(StrEnum):
    """Who is answered: everybody, whoever has the token (and reads with a session), or a forge that knows a secret."""

    OPEN = "open"
    API = "API"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of a route.

    Attributes:
        tag: what it is about.
        summary: what it does, in a line.
        answers: what is answered where all is well, by status.
        problems: the statuses of errors.
        access: who is answered.
        links: where an answer leads: operation and its parameters, as expressions of OpenAPI, by name.
        note: more than a line.
        body: the body of an action, where no model of ours reads it.
    """

    tag: str
    summary: str
    answers: Mapping[Http, Content]
    problems: Statuses = ()
    access: Access = Access.API
    links: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    note: str = ""
    body: Content = field(default_factory=dict)


WHEN: Mapping[Http, str] = {
    Http.BAD_REQUEST: "The body is not JSON, or a field or parameter is wrong or unknown",
    Http.UNAUTHORIZED: "The token, or the signature, is missing or wrong",
    Http.FORBIDDEN: "There is no token at all: nobody is answered",
    Http.NOT_FOUND: "There is nothing of this name",
    Http.CONFLICT: "It cannot be done as things stand, or the same `Idempotency-Key` is being answered",
    Http.REQUEST_ENTITY_TOO_LARGE: "The body is too large",
    Http.UNPROCESSABLE_ENTITY: "The `Idempotency-Key` came with another request",
    Http.TOO_MANY_REQUESTS: "Too many wrong tokens came from there",
    Http.SERVICE_UNAVAILABLE: "Redis does not answer, the catalog is not valid, or too many streams are open",
}
"""When each error is answered."""

_GUARDED = (Http.UNAUTHORIZED, Http.FORBIDDEN, Http.TOO_MANY_REQUESTS, Http.SERVICE_UNAVAILABLE)
_OF_LIST = (Http.BAD_REQUEST, *_GUARDED)
_OF_ONE = (*_GUARDED, Http.NOT_FOUND)
_OF_ACTION = (
    *(*_OF_ONE, Http.BAD_REQUEST, Http.CONFLICT),
    *(Http.REQUEST_ENTITY_TOO_LARGE, Http.UNPROCESSABLE_ENTITY),
)
_OF_WEBHOOK = (
    *(Http.BAD_REQUEST, Http.UNAUTHORIZED, Http.NOT_FOUND),
    *(Http.REQUEST_ENTITY_TOO_LARGE, Http.SERVICE_UNAVAILABLE),
)
_RUN = ("run", {"run": "$response.body#/run"})


def _read(
    tag: str, summary: str, shape: object, problems: Statuses, **links: tuple[str, Mapping[str, str]]
) -> Operation:
    return Operation(tag, summary, {Http.OK: {JSON: shape}}, problems, links=links)


def _act(tag: str, summary: str, note: str = "") -> Operation:
    queued = {Http.ACCEPTED: {JSON: shapes.Queued}}
    return Operation(tag, summary, queued, _OF_ACTION, links={"run": _RUN}, note=note)


def _cancel(tag: str, summary: str) -> Operation:
    links = {"run": _RUN, "deployment": ("deployment", {"deployment": "$response.body#/deployment"})}
    return Operation(tag, summary, {Http.ACCEPTED: {JSON: shapes.Cancelled}}, _OF_ACTION, links=links)


OPERATIONS: Mapping[str, Operation] = {
    "api.stacks": _read("stacks", "All stacks", shapes.StackPage, _OF_LIST),
    "api.stack": _read(
        "stacks",
        "A stack, with its newest deployments",
        shapes.StackDetail,
        _OF_ONE,
        runs=("runs", {"stack": "$response.body#/stack"}),
        deployments=("deployments", {"stack": "$response.body#/stack"}),
        last_deployment=("deployment", {"deployment": "$response.body#/last_deployment/id"}),
        last_run=("run", {"run": "$response.body#/last_decision/run"}),
    ),
    "api.deploy": _act("stacks", "Deploy a stack", "Also one that failed before or is stopped."),
    "api.rollback": _act("stacks", "Go back to an earlier commit", "It stays there until it is resumed."),
    "api.adopt": _act("stacks", "Take over a project that runs from elsewhere, or what a stack has that is gone"),
    "api.forget": _act("stacks", "Forget a stack that is gone"),
    "api.pause": _act("stacks", "Deploy nothing to a stack until it is resumed"),
    "api.resume": _act("stacks", "End a pause, and a rollback's hold"),
    "api.cancel_stack": _cancel("stacks", "End a stack's deployment at the next safe point, and what waits"),
    "api.runs": _read("runs", "Runs, the newest first", shapes.RunPage, _OF_LIST),
    "api.run": _read(
        "runs",
        "A run",
        shapes.Run,
        _OF_ONE,
        deployments=("deployments", {"run": "$response.body#/id"}),
        repo=("repo", {"name": "$response.body#/repo"}),
    ),
    "api.deployments": _read("deployments", "Deployments, the newest first", shapes.DeploymentPage, _OF_LIST),
    "api.deployment": _read(
        "deployments",
        "A deployment",
        shapes.Deployment,
        _OF_ONE,
        log=("log", {"deployment": "$response.body#/id"}),
        run=_RUN,
        others=("deployments", {"stack": "$response.body#/stack"}),
    ),
    "api.log": Operation(
        "deployments",
        "What a deployment printed",
        {Http.OK: {TEXT: str, JSON: shapes.LogPage}},
        (*_OF_ONE, Http.BAD_REQUEST),
        note="As text, with `follow` until the deployment ends, for a minute at most; with `Accept: application/json` "
        "a list of lines.",
    ),
    "api.cancel_deployment": _cancel("deployments", "End a deployment at the next safe point"),
    "api.repos": _read("repos", "How the repos stand", shapes.RepoPage, _OF_LIST),
    "api.repo": _read(
        "repos",
        "How a repo stands",
        shapes.Repo,
        _OF_ONE,
        runs=("runs", {"repo": "$response.body#/repo"}),
        stacks=("stacks", {"repo": "$response.body#/repo"}),
        deliveries=("deliveries", {"repo": "$response.body#/repo"}),
    ),
    "api.pull": _act("repos", "Pull a repo, as a webhook does"),
    "api.deliveries": _read("repos", "The last webhooks, the newest first", shapes.DeliveryPage, _OF_LIST),
    "api.events": Operation(
        "events",
        "What happens, as Server-Sent Events",
        {Http.OK: {"text/event-stream": shapes.SentEvent}},
        _OF_LIST,
        note="From now on, or after the event of `Last-Event-ID`. A stream ends after a minute; ask again with the "
        "last id. Its events, `run`, `stack`, `drift` and `services`, are described in docs/reference/http.md.",
    ),
    "api.openapi": _read("Tegu", "This description", shapes.Document, _GUARDED),
    "receiver.receive": Operation(
        "webhooks",
        "A push, as a forge tells of it",
        {Http.ACCEPTED: {JSON: shapes.Queued}, Http.OK: {JSON: shapes.Ignored}},
        _OF_WEBHOOK,
        Access.SIGNATURE,
        {"run": _RUN},
        "The forge is recognised by its headers; each signs in its own way, with the repo's `webhook_secret`.",
        {JSON: Any},
    ),
    "health.healthz": Operation(
        "Tegu", "Whether this process answers", {Http.OK: {JSON: shapes.Healthy}}, access=Access.OPEN
    ),
    "health.readyz": Operation(
        "Tegu",
        "Whether Tegu can do its work",
        {Http.OK: {JSON: shapes.Ready}, Http.SERVICE_UNAVAILABLE: {PROBLEM: shapes.NotReady}},
        access=Access.OPEN,
    ),
    "metrics.metrics": Operation("Tegu", "Metrics, for Prometheus", {Http.OK: {TEXT: str}}, access=Access.OPEN),
}
