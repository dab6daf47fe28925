"""Reading a request's body: all of it, or a refusal, but never more than is allowed."""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge


def read_body(request: Request, largest: int) -> bytes:
    """The whole body.

    A body of unknown length (chunked) ends silently at werkzeug's limit, hence the one byte more.

    Args:
        request: the request.
        largest: bytes allowed.

    Raises:
        RequestEntityTooLarge: it is larger; when its length is announced, nothing of it is read.
        ClientDisconnected: it did not arrive as a whole.
    """
    message = f"a body may have {largest} bytes at most"
    if (request.content_length or 0) > largest:
        raise RequestEntityTooLarge(message)
    request.max_content_length = largest + 1
    body = request.get_data(cache=False)
    if len(body) > largest:
        raise RequestEntityTooLarge(message)
    return body
