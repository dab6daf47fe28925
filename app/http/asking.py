"""How a view is given what it is asked: its query or body, read by the model that it names.

The model stays with the view, so that the API is described by what reads it (`app.http.openapi`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Generic

from flask import g, request
from flask.typing import ResponseReturnValue

from app.http.bodies import LARGEST_REQUEST, whole_body
from app.http.requests import Asked, Query, read_request
from workers.model.errors import UsageError


class Asking(Generic[Asked]):
    """A view with the model of what it is asked.

    Args:
        shape: a `Query`, or what a body is read by.
        view: is given what was read, then the names in its address.
    """

    def __init__(self, shape: type[Asked], view: Callable[..., ResponseReturnValue]) -> None:
        self.shape = shape
        self._view = view
        self.__name__: str = view.__name__  # by which Flask knows views

    def __call__(self, **names: Any) -> ResponseReturnValue:  # noqa: ANN401 (as Flask calls views)
        """Read, and answer.

        Raises:
            UsageError: what was asked cannot be.
        """
        given = request.args.to_dict() if issubclass(self.shape, Query) else read_json()
        return self._view(read_request(self.shape, given), **names)


def asking(shape: type[Asked]) -> Callable[[Callable[..., ResponseReturnValue]], Asking[Asked]]:
    """Give a view what it is asked as this shape, before the names in its address."""
    return lambda view: Asking(shape, view)


def read_json() -> object:
    """The request's JSON; nothing at all counts as an empty object. It can be read again.

    Raises:
        UsageError: it is none.
    """
    if "body" not in g:
        g.body = _parsed()
    return g.body


def _parsed() -> object:
    with whole_body(request, LARGEST_REQUEST) as text:
        if not text.strip():
            return {}
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            message = "the body is not JSON"
            raise UsageError(message) from error
