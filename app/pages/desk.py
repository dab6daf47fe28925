"""Where something is ordered: its plan is seen first, and nothing else than was shown is ordered.

The plan is made again when the form comes: if it is another one by then, nothing is ordered and that one is shown. A
form that comes twice leads to where it has led, and orders nothing again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, g, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from app.pages.act_view import ActPage
from app.pages.prospect import Prospect
from app.pages.sent import SentForms
from workers.adapters.state.state import State
from workers.model.errors import RedisUnavailable
from workers.reconcile.ask import Unanswered

_FORM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: a prospect, or why there is none; and whether it is another one than was shown."""

    prospect: Prospect | None = None
    silence: str = ""
    has_changed: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What can be ordered.

    Attributes:
        expect: what would come of it now; raises Unanswered where nobody can say.
        page: shows that.
        carry_out: orders it, for whoever; gives the address of the page that shows its start.
        origin: the address of the page that has led here.
    """

    expect: Callable[[], Prospect]
    page: Callable[[Found], ActPage]
    carry_out: Callable[[str], str]
    origin: str


class Desk:
    """Shows plans, and orders.

    Args:
        state: remembers the forms that have come.
    """

    def __init__(self, state: State) -> None:
        self._sent = SentForms(state.keyed_actions)

    def look(self, wanted: Order) -> AnyResponse:
        """Show the plan."""
        try:
            return _answer(wanted.page(Found(wanted.expect())))
        except Unanswered as error:
            return _answer(wanted.page(Found(silence=str(error))), HTTPStatus.SERVICE_UNAVAILABLE)

    def order(self, wanted: Order) -> AnyResponse:
        """Order what was shown, if that is still the plan."""
        form = request.form.get("once", "")
        if not _FORM.fullmatch(form):
            message = "This form is not complete. Go back and load the page again."
            raise BadRequest(message)
        if (before := self._sent.led_to(form)) is not None:
            return redirect(before or wanted.origin, 303)
        try:
            now = wanted.expect()
        except Unanswered as error:
            told = f"Nothing was ordered. {error}"
            return _answer(wanted.page(Found(silence=told)), HTTPStatus.SERVICE_UNAVAILABLE)
        if now.obstacle or now.seal != request.form.get("seal"):
            # Where the same form has come just before, that is what has changed.
            if (before := self._sent.led_to(form)) is not None:
                return redirect(before or wanted.origin, 303)
            return _answer(wanted.page(Found(now, has_changed=True)), HTTPStatus.CONFLICT)
        return redirect(self._ordered(wanted, form), 303)

    def _ordered(self, wanted: Order, form: str) -> str:
        if not self._sent.begin(form):
            return self._sent.led_to(form) or wanted.origin
        try:
            address = wanted.carry_out(g.visitor.who)
        except Exception:
            self._sent.failed(form)
            raise
        with suppress(RedisUnavailable):  # it was ordered, whether or not that can be noted
            self._sent.done(form, address)
        return address


def _answer(page: ActPage, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return make_response(render_template("act.html", page=page), status)
