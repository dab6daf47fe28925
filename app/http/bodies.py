"""Reading a request's body: all of it, or a refusal, but never more than is allowed, nor many large ones at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge, ServiceUnavailable

LARGEST_DELIVERY = 25 * 1024 * 1024
"""Bytes; what GitHub sends at most."""
LARGEST_REQUEST = 64 * 1024
"""Bytes; a request to the API is a handful of fields."""
_LARGE = 1 << 20
"""Bytes; hardly a delivery is larger, and anybody can send some that are."""
_places = threading.BoundedSemaphore(4)
_PATIENCE_SECONDS = 5.0


def largest_body(path: str) -> int:
    """How many bytes the body of a request to a path may have."""
    return LARGEST_DELIVERY if path.startswith("/webhooks/") else LARGEST_REQUEST


@contextmanager
def whole_body(request: Request, largest: int) -> Iterator[bytes]:
    """The whole body, for as long as it is needed; so long a large one keeps others waiting.

    Args:
        request: the request.
        largest: bytes allowed.

    Raises:
        RequestEntityTooLarge: it is larger; when its length is announced, nothing of it is read.
        BadRequest: its chunks are none.
        ClientDisconnected: it did not arrive as a whole.
        ServiceUnavailable: too many large ones are being read.
    """
    announced = request.content_length
    if announced is not None and announced > largest:
        raise _too_large(largest)
    if announced is not None and announced <= _LARGE:
        yield _read(request, largest)
        return
    if not _places.acquire(timeout=_PATIENCE_SECONDS):
        message = "too many large bodies are being read"
        raise ServiceUnavailable(message, retry_after=10)
    try:
        yield _read(request, largest)
    finally:
        _places.release()


def _read(request: Request, largest: int) -> bytes:
    """A body of unknown length (chunked) ends silently at werkzeug's limit, hence the one byte more."""
    request.max_content_length = largest + 1
    try:
        body = request.get_data(cache=False)
    except ParseException as error:
        # Gunicorn takes chunks apart while the body is read, and says so in its own way.
        message = "the body is not chunked as it should be"
        raise BadRequest(message) from error
    if len(body) > largest:
        raise _too_large(largest)
    if len(body) < (request.content_length or 0):
        raise ClientDisconnected
    return body


def _too_large(largest: int) -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"a body may have {largest} bytes at most")
