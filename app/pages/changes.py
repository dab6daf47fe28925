"""`/stacks/<environment>/<name>/changes` and `…/by-hand`: what only a worker can say, asked when it is opened.

Each is a page of its own, and the part of it named `answer` is put into the stack's page where there is JavaScript.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response, make_response, render_template

from app.pages.changes_view import ChangesPage, changes_page
from app.pages.commit_view import CommitViews
from app.pages.moments import Times
from workers.adapters.state.answers import ComposeLine, Differences
from workers.celery import COMPOSE, DIFF
from workers.model.errors import UnknownName, UserError
from workers.model.question import Question
from workers.reconcile.ask import Asker, Unanswered
from workers.services import Services


def create_changes(services: Services, asking: Asker) -> Blueprint:
    """The blueprint of both."""
    blueprint = Blueprint("changes", __name__)

    @blueprint.get("/stacks/<environment>/<name>/changes")
    def changes(environment: str, name: str) -> Response:
        stack = f"{environment}/{name}"
        return _answered("changes.html", stack, lambda: read_changes(services, asking, stack))

    @blueprint.get("/stacks/<environment>/<name>/by-hand")
    def by_hand(environment: str, name: str) -> Response:
        stack = f"{environment}/{name}"
        return _answered("by_hand.html", stack, lambda: read_line(services, asking, stack))

    return blueprint


def read_changes(services: Services, asking: Asker, stack: str) -> ChangesPage:
    """Ask what differs.

    Raises:
        Unanswered: no worker has answered.
        UnknownName: there is no such stack.
        UserError: it cannot be said, for the reason given.
    """
    found = services.stacks.find(stack)
    said = Differences.from_json(asking(Question(DIFF, found.id), found.worker))
    notes = services.state.commits.get_many([said.old, said.new]) | {
        each.id: each.note for each in said.between.commits
    }
    return changes_page(said, CommitViews(notes, Times()), services.repo(found.repo).url)


def read_line(services: Services, asking: Asker, stack: str) -> ComposeLine:
    """Ask how Compose is called. Raises as `read_changes` does."""
    return ComposeLine.from_json(asking(Question(COMPOSE, stack), _worker_of(services, stack)))


def _worker_of(services: Services, stack: str) -> str:
    """Whose it is, or was while it was none that is gone."""
    try:
        return services.stacks.find(stack).worker
    except UnknownName:
        record = services.state.records.get(stack)
        if record is None:
            raise
        return record.worker or services.settings.worker


def _answered(template: str, stack: str, read: Callable[[], object]) -> Response:
    known = {"stack": stack, "stack_url": f"/stacks/{quote(stack)}"}
    try:
        return make_response(render_template(template, page=read(), **known))
    except UnknownName:
        raise
    except Unanswered as error:
        text = render_template(template, page=None, told=str(error), is_silent=True, **known)
        return make_response(text, HTTPStatus.SERVICE_UNAVAILABLE)
    except UserError as error:
        return make_response(render_template(template, page=None, told=str(error), **known), HTTPStatus.CONFLICT)
