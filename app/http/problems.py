"""Every error as `application/problem+json` (RFC 9457), Flask's own included.

Views raise Tegu's errors or werkzeug's; what they become is decided here alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from workers.model.errors import CatalogError, TeguError, TransientError, UnknownName, UsageError, UserError
from workers.runtime.logs import get_logger
from workers.runtime.masking import masked

log = get_logger(__name__)

RETRY_AFTER_SECONDS = 10

_STATUSES: tuple[tuple[type[TeguError], HTTPStatus], ...] = (
    (UnknownName, HTTPStatus.NOT_FOUND),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (CatalogError, HTTPStatus.SERVICE_UNAVAILABLE),
    (UserError, HTTPStatus.CONFLICT),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> Response:
    """A response that describes an error.

    Args:
        status: the HTTP status.
        detail: one sentence for a person; known secrets are masked.
        headers: further headers.
        members: further members of the JSON object.
    """
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": masked(detail), **members}
    return Response(json.dumps(body), status, headers, content_type="application/problem+json")


def register_problems(app: Flask) -> None:
    """Let the app answer every error with a problem."""
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(TeguError, _of_tegu)
    app.register_error_handler(Exception, _of_bug)


def problem_of(error: HTTPException) -> Response:
    """An error of werkzeug's as a problem, with the headers that belong to it."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    kept = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return problem(status, error.description or HTTPStatus(status).phrase, kept)


def _of_http(error: HTTPException) -> Response | HTTPException:
    is_redirect = error.code is not None and error.code < HTTPStatus.BAD_REQUEST
    return error if is_redirect else problem_of(error)


def _of_tegu(error: TeguError) -> Response:
    """A user's error is told to the user; a catalog's is for whoever runs Tegu, not for whoever asks."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), None)
    if status is None:
        return _of_bug(error)
    if status != HTTPStatus.SERVICE_UNAVAILABLE:
        return problem(status, str(error))
    log.warning("request_refused", error=type(error).__name__, detail=str(error))
    detail = "the catalog is not valid; see `tegu check`" if isinstance(error, CatalogError) else "try again later"
    members = {"cause": type(error).__name__}
    return problem(status, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)}, **members)


def _of_bug(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "something is wrong in Tegu itself; its log says more")
