"""`/stacks/<environment>/<name>/<act>`: the plan of what somebody wants to order, and the order itself.

Whoever orders has seen the plan. It is made again when the form comes: if it is another one by then, nothing is ordered
and that one is shown. A form that comes twice leads to where it has led, and orders nothing again.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from app.pages.act_view import ActPage, act_page, told_of_change
from app.pages.acts import Act
from app.pages.commit_view import CommitViews
from app.pages.door import check_may_act
from app.pages.expectation import expect
from app.pages.moments import Times
from app.pages.ordering import carry_out
from app.pages.prospect import Prospect
from app.pages.sent import SentForms
from app.pages.wish import Wish
from workers.adapters.state.state import State
from workers.model.errors import RedisUnavailable, UnknownName
from workers.reconcile.ask import Asker, Unanswered
from workers.reconcile.requests import previous_good
from workers.services import Services

_FORM = re.compile(r"[0-9a-f]{32}")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def create_act(services: Services, asking: Asker) -> Blueprint:
    """The blueprint of everything that can be ordered of a stack."""
    blueprint = Blueprint("act", __name__)
    blueprint.before_request(check_may_act)
    desk = _Desk(services, asking)
    rule = f"/stacks/<environment>/<name>/<any({', '.join(Act)}):act>"
    blueprint.add_url_rule(rule, "look", desk.look, methods=["GET"])
    blueprint.add_url_rule(rule, "order", desk.order, methods=["POST"])
    return blueprint


class _Desk:
    def __init__(self, services: Services, asking: Asker) -> None:
        self._services = services
        self._asking = asking
        self._sent = SentForms(services.state.keyed_actions)

    def look(self, environment: str, name: str, act: str) -> AnyResponse:
        """Show the plan."""
        wish = Wish.of(Act(act), f"{environment}/{name}", request.args)
        if wish.act is Act.ROLLBACK and not wish.to:
            stack = self._services.stacks.find(wish.stack)
            return redirect(replace(wish, to=previous_good(self._services, stack)).url, 303)
        try:
            return self._page(wish, expect(self._services, self._asking, wish))
        except Unanswered as error:
            return self._page(wish, None, silence=str(error), status=HTTPStatus.SERVICE_UNAVAILABLE)

    def order(self, environment: str, name: str, act: str) -> AnyResponse:
        """Order what was shown, if that is still the plan."""
        wish = Wish.of(Act(act), f"{environment}/{name}", request.form)
        form = request.form.get("once", "")
        if not _FORM.fullmatch(form):
            message = "This form is not complete. Go back and load the page again."
            raise BadRequest(message)
        if (before := self._sent.led_to(form)) is not None:
            return redirect(before or _stack_page(wish), 303)
        try:
            now = expect(self._services, self._asking, wish)
        except Unanswered as error:
            told = f"Nothing was ordered. {error}"
            return self._page(wish, None, silence=told, status=HTTPStatus.SERVICE_UNAVAILABLE)
        if now.obstacle or now.seal != request.form.get("seal"):
            # Where the same form has come just before, that is what has changed.
            if (before := self._sent.led_to(form)) is not None:
                return redirect(before or _stack_page(wish), 303)
            return self._page(wish, now, has_changed=True, status=HTTPStatus.CONFLICT)
        return redirect(self._ordered(wish, form), 303)

    def _ordered(self, wish: Wish, form: str) -> str:
        if not self._sent.begin(form):
            return self._sent.led_to(form) or _stack_page(wish)
        try:
            address = carry_out(self._services, wish, g.visitor.who)
        except Exception:
            self._sent.failed(form)
            raise
        with suppress(RedisUnavailable):  # it was ordered, whether or not that can be noted
            self._sent.done(form, address)
        return address

    def _page(
        self,
        wish: Wish,
        prospect: Prospect | None,
        *,
        silence: str = "",
        has_changed: bool = False,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        page = read(self._services, wish, prospect, silence=silence, has_changed=has_changed)
        return make_response(render_template("act.html", page=page), status)


def read(
    services: Services, wish: Wish, prospect: Prospect | None, *, silence: str = "", has_changed: bool = False
) -> ActPage:
    """Read what else the page shows.

    Args:
        services: the process's.
        wish: what is wanted.
        prospect: what would come of it; None where nobody could say.
        silence: why nobody could.
        has_changed: whether it is another one than was shown.
    """
    state, shown, times = services.state, _shown_commit(), Times()
    between = {each.id: each.note for each in prospect.between.commits} if prospect else {}
    commits = CommitViews(state.commits.get_many([prospect.commit if prospect else None]) | between, times)
    changed = ""
    if has_changed:
        changed = told_of_change(commits.view(shown), commits.view(prospect.commit if prospect else None))
    return act_page(
        wish,
        prospect,
        silence=silence,
        changed=changed,
        form=secrets.token_hex(16),
        heirs=_heirs(state, wish),
        commits=commits,
        repo_url=_repo_url(services, wish.stack),
    )


def _shown_commit() -> str | None:
    """The commit of the plan that was shown, as the form says."""
    shown = request.form.get("commit", "")
    return shown if _COMMIT.fullmatch(shown) else None


def _heirs(state: State, wish: Wish) -> tuple[str, ...]:
    heir = state.heirs.get(wish.stack) if wish.act is Act.ADOPT else None
    return heir.sources if heir else ()


def _repo_url(services: Services, stack: str) -> str | None:
    try:
        return services.repo(services.stacks.find(stack).repo).url
    except UnknownName:
        return None


def _stack_page(wish: Wish) -> str:
    return f"/stacks/{quote(wish.stack)}"
