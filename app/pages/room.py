"""`add_pages(app, services)`: the pages, their door, their errors and their headers, added to the web application."""

from __future__ import annotations

import gzip
import hashlib
import threading
from functools import cache, lru_cache
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from app.http.problems import problem_of
from app.http.sessions import Sessions
from app.pages.act import create_act
from app.pages.api import create_api_page
from app.pages.changes import create_changes
from app.pages.deployment import create_deployment
from app.pages.door import Door
from app.pages.entrance import create_entrance
from app.pages.overview import create_overview
from app.pages.prose import said
from app.pages.repo import create_repo
from app.pages.run import create_run
from app.pages.run_cancel import create_run_cancel
from app.pages.settings import create_settings
from app.pages.stack import create_stack
from workers.model.errors import CatalogError, RedisUnavailable, UnknownName, UsageError, UserError
from workers.reconcile.ask import Asker
from workers.runtime.masking import masked
from workers.services import Services

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")
_YEAR = 31_536_000
_WORTH_PACKING = 2048  # bytes
_PACKING = threading.Lock()
_QUICK = 3  # of gzip's nine levels: a quarter more bytes than the best, in a fifth of the time


def add_pages(app: Flask, services: Services) -> Flask:
    """Add the pages to an application that `app.http.factory.create_app` has made."""
    sessions = Sessions(services.state.sessions, services.settings.api_token)
    door = Door(services.settings, sessions)
    pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    pages.before_request(door.check)
    pages.context_processor(door.shown)
    pages.context_processor(lambda: {"asset": _asset})
    _add_errors(app, pages)
    pages.register_blueprint(create_entrance(services.settings, sessions, services.state.sessions))
    for create in (
        create_overview,
        create_stack,
        create_run,
        create_run_cancel,
        create_deployment,
        create_repo,
        create_settings,
    ):
        pages.register_blueprint(create(services))
    asking = Asker(services)
    for create_asking in (create_act, create_changes):
        pages.register_blueprint(create_asking(services, asking))
    pages.register_blueprint(create_api_page())
    pages.after_request(door.remember)
    pages.after_request(_finish)
    app.jinja_env.filters["said"] = said
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)
    return app


def _add_errors(app: Flask, pages: Blueprint) -> None:
    """What goes wrong is said by a page, and by a problem where a program has asked."""

    @pages.errorhandler(UnknownName)
    def unknown(error: UnknownName) -> Response:
        return _trouble(HTTPStatus.NOT_FOUND, "There is nothing of this name", str(error))

    @pages.errorhandler(UserError)
    def senseless(error: UserError) -> Response:
        return _trouble(HTTPStatus.CONFLICT, "That cannot be done as things stand", str(error))

    @pages.errorhandler(UsageError)
    def mistaken(error: UsageError) -> Response:
        return _trouble(HTTPStatus.BAD_REQUEST, "That is not complete", str(error))

    @pages.errorhandler(RedisUnavailable)
    def without_redis(_: RedisUnavailable) -> Response:
        told = "Everything that is shown here comes from it. What runs goes on; nothing is deployed meanwhile."
        return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, "Redis does not answer", told)

    @pages.errorhandler(CatalogError)
    def without_catalog(_: CatalogError) -> Response:
        told = "`tegu check` says what is wrong with it, by file and line."
        return _trouble(HTTPStatus.SERVICE_UNAVAILABLE, "The catalog is not valid", told)

    @pages.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        return _trouble(status, status.phrase, error.description or "")

    @app.errorhandler(HTTPStatus.NOT_FOUND)
    def nowhere(error: HTTPException) -> Response:
        if request.path.startswith(_FOR_PROGRAMS) or "text/html" not in request.headers.get("Accept", ""):
            return problem_of(error)
        return _finish(_trouble(HTTPStatus.NOT_FOUND, "There is no such page", ""))


def _trouble(status: HTTPStatus, title: str, told: str) -> Response:
    text = render_template("trouble.html", title=title, told=masked(told), asset=_asset)
    return Response(text, status)


@cache
def _asset(name: str) -> str:
    """The address of a file of ours, another one whenever the file is: so browsers may keep it."""
    content = (Path(__file__).parent / "static" / name).read_bytes()
    return f"/static/{name}?{hashlib.sha256(content).hexdigest()[:12]}"


def _finish(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    # With no referrer at all, browsers send forms as if they came from nowhere (`Origin: null`).
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint == "pages.static":
        response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        return response
    if "gzip" in request.headers.get("Accept-Encoding", "") and _is_worth_packing(response):
        response.set_data(_packed(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    return response


def _packed(content: bytes) -> bytes:
    """The content packed, by one thread at a time: many who look at one page are given the same (`Together`)."""
    with _PACKING:
        return _pack(content)


@lru_cache(maxsize=2)
def _pack(content: bytes) -> bytes:
    return gzip.compress(content, _QUICK, mtime=0)


def _is_worth_packing(response: Response) -> bool:
    return response.mimetype == "text/html" and len(response.get_data()) >= _WORTH_PACKING
