"""`/stacks/<environment>/<name>`: one stack, why it is as it is, what runs of it, and what was done to it."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.http.schemas import known_stack_facts
from app.pages.commit_view import CommitViews
from app.pages.moments import Times
from app.pages.stack_view import StackPage, stack_page
from workers.model.errors import UnknownName
from workers.model.stack import Stack
from workers.services import Services

_DEPLOYMENTS, _RUNS = 20, 10


def create_stack(services: Services) -> Blueprint:
    """The blueprint of a stack's page."""
    blueprint = Blueprint("stack", __name__)

    @blueprint.get("/stacks/<environment>/<name>")
    def show(environment: str, name: str) -> str:
        return render_template("stack.html", page=read(services, f"{environment}/{name}"))

    return blueprint


def read(services: Services, identifier: str) -> StackPage:
    """Read all that the page shows.

    Raises:
        UnknownName: there is no such stack.
    """
    catalog, state, times = services.catalog.current(), services.state, Times()
    facts = known_stack_facts(catalog, state, identifier)
    deployments = state.deployments.list(identifier, _DEPLOYMENTS)
    known = facts.known
    notes = state.commits.get_many(
        [known.deployed_commit, known.latest_commit, known.verified_commit, *(each.commit for each in deployments)]
    )
    stack = _stack(services, identifier)
    repo = catalog.repos.get(stack.repo) if stack else None
    commits = CommitViews(notes, times)
    is_awaited = stack is not None and _is_awaited(services, stack.repo)
    return stack_page(
        facts,
        stack,
        repo.url if repo else None,
        deployments,
        times,
        commits,
        is_awaited=is_awaited,
        behind=state.open_runs.awaited_by(identifier),
    )


def _is_awaited(services: Services, repo: str) -> bool:
    """Whether a run of its repo is under way, which may reach it at any moment: nothing else tells that it begins."""
    return any(repo in head.repo.split(", ") for head in services.state.runs.heads_under_way(_RUNS))


def _stack(services: Services, identifier: str) -> Stack | None:
    """The stack as the catalog has it; None of one that is gone."""
    try:
        return services.stacks.find(identifier)
    except UnknownName:
        return None
