"""`Idempotency-Key`: an action that is sent twice, since its answer got lost, is carried out once.

As in draft-ietf-httpapi-idempotency-key-header: the same key with another request is a 422, one whose request is still
being answered a 409. An action that was refused, or could not be queued, is forgotten: it may be sent again as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from http import HTTPStatus

from flask import Response, g, request

from app.http.asking import read_json
from app.http.problems import problem
from workers.adapters.state.keyed_actions import KeyedAction, KeyedActions
from workers.model.errors import RedisUnavailable, UsageError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY = "[!-~]{1,255}"
_KEPT = ("Location",)


class Repeats:
    """What comes before and after an action that carries a key."""

    def __init__(self, actions: KeyedActions) -> None:
        self._actions = actions

    def begin(self) -> Response | None:
        """The answer of a request that came before; None where this one is to be carried out.

        Raises:
            UsageError: the key cannot be one, or the body is not JSON.
            RedisUnavailable: nobody can say whether it came before.
        """
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST":
            return None
        if not re.fullmatch(KEY, key):
            message = f"{HEADER} has 1 to 255 printable characters of ASCII, and no blank"
            raise UsageError(message)
        asked = fingerprint(request.method, request.path, read_json())
        before = self._actions.begin(key, asked)
        if before is None:
            g.begun = (key, asked)
            return None
        if before.request != asked:
            detail = f"this {HEADER} came with another request; each request has one of its own"
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        if before.status is None:
            detail = f"a request with this {HEADER} is being carried out; ask again for its answer"
            return problem(HTTPStatus.CONFLICT, detail, {"Retry-After": "1"})
        headers = {**before.headers, REPLAYED: "true"}
        return Response(before.body, before.status, headers, content_type="application/json")

    def end(self, response: Response) -> Response:
        """Keep the answer of what was carried out. It stands, whether or not Redis can keep it."""
        key, asked = g.pop("begun", ("", ""))
        with suppress(RedisUnavailable):
            if key and response.status_code == HTTPStatus.ACCEPTED:
                kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
                body = response.get_data(as_text=True)
                self._actions.end(key, KeyedAction(asked, response.status_code, body, kept))
            elif key:
                self._actions.forget(key)
        return response


def fingerprint(method: str, path: str, body: object) -> str:
    """Tells what is asked of whom from anything else, however the JSON is written."""
    asked = json.dumps([method, path, body], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()
