"""`create_app(services)`: the web application, put together."""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.middleware.proxy_fix import ProxyFix

from app.http.api import create_api
from app.http.delivery_book import DeliveryBook
from app.http.health import create_health
from app.http.metrics import create_metrics
from app.http.problems import register_problems
from app.http.receiver import create_receiver
from app.http.tally import Tally
from workers.adapters.state.counters import Counters
from workers.runtime.masking import mask
from workers.services import Services

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def create_app(services: Services) -> Flask:
    """Make the application. Nothing is connected to before the first request.

    Args:
        services: every collaborator.
    """
    if services.settings.api_token:
        mask([services.settings.api_token.reveal()])
    app = Flask("tegu", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    proxies = services.settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    tally = Tally(Counters(services.state.redis))
    register_problems(app)
    for blueprint in (
        create_receiver(services, tally, DeliveryBook(services.state.deliveries)),
        create_api(services),
        create_health(services),
        create_metrics(services, tally),
    ):
        app.register_blueprint(blueprint)
    _add_request_ids(app)
    app.after_request(_add_security_headers)
    return app


def _add_request_ids(app: Flask) -> None:
    """Bind an id to every line that is logged on the way, and tell it to the client."""

    @app.before_request
    def bind() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        clear_contextvars()
        bind_contextvars(request=g.request_id)

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response


def _add_security_headers(response: Response) -> Response:
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
