"""`/runs/<id>/cancel`: what of a run would be ended, and the order to end it."""

from __future__ import annotations

import secrets
from functools import partial
from urllib.parse import quote

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from app.pages.act_view import ActPage
from app.pages.desk import Desk, Found, Order
from app.pages.door import check_may_act
from app.pages.prospect import Prospect, Touched
from workers.reconcile.cancel import cancellable, open_stacks, request_cancel_run
from workers.services import Services

_STOPS = "stops at its next safe point"
_OF_STOPPED = (
    "Before a stack's files are switched nothing is touched; after that, the last good deployment is brought back.",
    "A deployment that was stopped waits for a push that changes its stack, or until somebody deploys it.",
)
_OF_WAITING = (
    "Other runs that wait for one of these stacks wait for it no more, either.",
    "What only waits is deployed by the next look, unless it is paused.",
)
_OF_ALL = ("What has ended by then stays as it is.",)


def create_run_cancel(services: Services) -> Blueprint:
    """The blueprint of a run's end."""
    blueprint, desk = Blueprint("run_cancel", __name__), Desk(services.state)
    blueprint.before_request(check_may_act)

    def order_of(run: str) -> Order:
        return Order(
            expect=partial(expect, services, run),
            page=partial(_page, run),
            carry_out=partial(_carry_out, services, run),
            origin=_address(run),
        )

    @blueprint.get("/runs/<run>/cancel")
    def look(run: str) -> AnyResponse:
        return desk.look(order_of(run))

    @blueprint.post("/runs/<run>/cancel")
    def order(run: str) -> AnyResponse:
        return desk.order(order_of(run))

    return blueprint


def expect(services: Services, run: str) -> Prospect:
    """What would be ended. It may be less by the time it is ordered, and is ordered all the same.

    Raises:
        UnknownName: there is no such run.
        RedisUnavailable: nothing is known.
    """
    touched = []
    for stack in open_stacks(services, run):
        found = cancellable(services, stack)
        if found.deployment is not None:
            touched.append(Touched(stack, _STOPS))
        elif found:
            touched.append(Touched(stack, "is left as it is", found.behind))
    if not touched:
        return Prospect("", run, obstacle="No deployment of it is under way, and no stack waits for its turn.")
    stopped = sum(each.action == _STOPS for each in touched)
    waiting = len(touched) - stopped
    notes = ((_OF_STOPPED if stopped else ()) + (_OF_WAITING if waiting else ())) + _OF_ALL
    return Prospect(_said(stopped, waiting), run, touched=tuple(touched), notes=notes)


def _said(stopped: int, waiting: int) -> str:
    """As in `1 deployment stops, and 2 stacks wait no more`."""
    parts = []
    if stopped:
        parts.append(f"{stopped} {'deployment stops' if stopped == 1 else 'deployments stop'}")
    if waiting:
        parts.append(f"{waiting} {'stack waits' if waiting == 1 else 'stacks wait'} no more")
    return f"{', and '.join(parts)}."


def _page(run: str, found: Found) -> ActPage:
    return ActPage(
        about=f"run {run}",
        about_url=_address(run),
        name=f"run {run}",
        title="Cancel",
        confirm="Cancel all of it",
        url=f"{_address(run)}/cancel",
        order_url=f"{_address(run)}/cancel",
        form=secrets.token_hex(16),
        prospect=found.prospect,
        silence=found.silence,
        changed="Nothing was ordered: there is nothing left to cancel." if found.has_changed else "",
        columns=("Stack", "What becomes of it", "Waited for"),
    )


def _carry_out(services: Services, run: str, who: str) -> str:
    request_cancel_run(services, run, who=who)
    return _address(run)


def _address(run: str) -> str:
    return f"/runs/{quote(run)}"
