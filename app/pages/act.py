"""`/stacks/<environment>/<name>/<act>`: the plan of what somebody wants of a stack, and the order itself."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.pages.act_view import ActPage, act_page, told_of_change
from app.pages.acts import Act
from app.pages.commit_view import CommitViews
from app.pages.desk import Desk, Found, Order
from app.pages.door import check_may_act
from app.pages.expectation import expect
from app.pages.moments import Times
from app.pages.ordering import carry_out
from app.pages.wish import Wish
from workers.adapters.state.state import State
from workers.model.errors import UnknownName
from workers.reconcile.ask import Asker
from workers.reconcile.requests import previous_good
from workers.services import Services

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def create_act(services: Services, asking: Asker) -> Blueprint:
    """The blueprint of everything that can be ordered of a stack."""
    blueprint, desk = Blueprint("act", __name__), Desk(services.state)
    blueprint.before_request(check_may_act)
    rule = f"/stacks/<environment>/<name>/<any({', '.join(Act)}):act>"

    def order_of(wish: Wish) -> Order:
        return Order(
            expect=lambda: expect(services, asking, wish),
            page=partial(read, services, wish),
            carry_out=lambda who: carry_out(services, wish, who),
            origin=f"/stacks/{quote(wish.stack)}",
        )

    @blueprint.get(rule)
    def look(environment: str, name: str, act: str) -> AnyResponse:
        wish = Wish.of(Act(act), f"{environment}/{name}", request.args)
        if wish.act is Act.ROLLBACK and not wish.to:
            return redirect(replace(wish, to=previous_good(services, services.stacks.find(wish.stack))).url, 303)
        return desk.look(order_of(wish))

    @blueprint.post(rule)
    def order(environment: str, name: str, act: str) -> AnyResponse:
        return desk.order(order_of(Wish.of(Act(act), f"{environment}/{name}", request.form)))

    return blueprint


def read(services: Services, wish: Wish, found: Found) -> ActPage:
    """Read what else the page shows of a wish and of what would come of it."""
    state, shown, times, prospect = services.state, _shown_commit(), Times(), found.prospect
    between = {each.id: each.note for each in prospect.between.commits} if prospect else {}
    commits = CommitViews(state.commits.get_many([prospect.commit if prospect else None]) | between, times)
    changed = ""
    if found.has_changed:
        changed = told_of_change(commits.view(shown), commits.view(prospect.commit if prospect else None))
    return act_page(
        wish,
        prospect,
        silence=found.silence,
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
