"""Forms that were sent: one that comes twice leads to where it has led, and orders nothing again.

As with an `Idempotency-Key` of the API; the key is what the page has made up for its form.
"""

from __future__ import annotations

import time
from http import HTTPStatus

from workers.adapters.state.keyed_actions import KeyedAction, KeyedActions

_WAIT_SECONDS, _LOOK_SECONDS = 3.0, 0.05
_FORM = "form"


class SentForms:
    """They, in Redis. Every method raises RedisUnavailable."""

    def __init__(self, actions: KeyedActions) -> None:
        self._actions = actions

    def begin(self, form: str) -> bool:
        """Whether this form comes for the first time."""
        return self._actions.begin(form, _FORM) is None

    def done(self, form: str, address: str) -> None:
        """Note the page that its order has led to."""
        self._actions.end(form, KeyedAction(_FORM, HTTPStatus.SEE_OTHER, headers={"Location": address}))

    def failed(self, form: str) -> None:
        """Let it be sent again, since nothing came of it."""
        self._actions.forget(form)

    def led_to(self, form: str) -> str | None:
        """Where a form has led; while its order is being given, that is waited for.

        Returns:
            The page's address; empty where nobody knows, None for a form that did not come yet.
        """
        end = time.monotonic() + _WAIT_SECONDS
        while (found := self._actions.find(form)) is not None and found.status is None and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        return None if found is None else found.headers.get("Location", "")
