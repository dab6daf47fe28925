"""`/deployments/<id>`: one attempt: why, how it ended, where the time went, and what was printed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, render_template, request

from app.pages.commit_view import CommitViews
from app.pages.history import Past, history
from app.pages.log_view import LogView, read_log
from app.pages.moments import Moment, Times, lasting, seconds_between
from app.pages.run_view import WIDTH, Bar
from workers.adapters.state.ailing import Ailing
from workers.adapters.state.past_deployment import RecordedDeployment
from workers.catalog import Catalog
from workers.model.errors import UnknownName
from workers.services import Services

_THINNEST = 2


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step and how long it took; its stretch of the deployment."""

    name: str
    took: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class AilingView:
    """A container that was not well: what is the matter in a sentence, what its healthcheck said, its last lines."""

    said: str
    container: str
    healthcheck: str
    log: str


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """The page.

    Attributes:
        past: as lists show it.
        stack: its id.
        stack_url: its page.
        run_url: the page of its run; None for none.
        ended: when; None while it has not.
        error: all that is said of what went wrong.
        ailing: the containers that were not well in the end.
        steps: in order; that under way is the last.
        log: the end of it, or what is looked for in it.
        log_url: of the whole log as text.
        is_live: whether more is to come.
    """

    past: Past
    stack: str
    stack_url: str
    run_url: str | None
    ended: Moment | None
    error: str
    ailing: tuple[AilingView, ...]
    steps: tuple[StepLine, ...]
    log: LogView
    log_url: str
    is_live: bool


def create_deployment(services: Services) -> Blueprint:
    """The blueprint of a deployment's page."""
    blueprint = Blueprint("deployment", __name__)

    @blueprint.get("/deployments/<deployment>")
    def show(deployment: str) -> str:
        return render_template("deployment.html", page=read(services, deployment, request.args.get("q", "")))

    return blueprint


def read(services: Services, identifier: str, wanted: str = "") -> DeploymentPage:
    """Read all that the page shows.

    Args:
        services: of the process.
        identifier: the deployment.
        wanted: what is looked for in its log; empty for nothing.

    Raises:
        UnknownName: there is no such deployment, or none any more.
    """
    state, times = services.state, Times()
    found = state.deployments.get(identifier)
    if found is None:
        message = f"there is no deployment {identifier}; deployments are kept for 30 days"
        raise UnknownName(message)
    commits = CommitViews(state.commits.get_many([found.commit]), times)
    (past,) = history([found], times, commits, _repo_url(services, found.stack))
    return DeploymentPage(
        past=past,
        stack=found.stack,
        stack_url=f"/stacks/{quote(found.stack)}",
        run_url=f"/runs/{quote(found.run)}" if found.run else None,
        ended=times.moment(found.finished_at),
        error=found.error or "",
        ailing=tuple(_ailing(each) for each in found.ailing),
        steps=step_lines(found, times),
        log=read_log(state.deployments, identifier, wanted),
        log_url=f"/api/v1/deployments/{quote(identifier)}/log",
        is_live=not found.status.ended,
    )


def _ailing(each: Ailing) -> AilingView:
    return AilingView(f"{each.service} {each.why}", each.container, each.healthcheck, each.log)


def step_lines(deployment: RecordedDeployment, times: Times) -> tuple[StepLine, ...]:
    """Each step below the one before, as far to the right as it came later."""
    whole = seconds_between(deployment.started_at, deployment.finished_at or times.now.isoformat()) or 0.0
    scale = WIDTH / max(whole, sum(step.seconds for step in deployment.steps), 0.001)
    found, at = [], 0.0
    for place, step in enumerate(deployment.steps):
        width = max(_THINNEST, round(step.seconds * scale))
        bar = Bar(min(round(at * scale), WIDTH - width), width, f"step{place % 2}", step.name)
        found.append(StepLine(step.name, lasting(step.seconds), bar))
        at += step.seconds
    if deployment.status.ended:
        return tuple(found)
    left = min(round(at * scale), WIDTH - _THINNEST)
    bar = Bar(left, WIDTH - left, "under-way", "under way")
    return (*found, StepLine("under way", lasting(max(whole - at, 0.0)), bar))


def _repo_url(services: Services, stack: str) -> str | None:
    catalog: Catalog = services.catalog.current()
    place = catalog.by_id.get(stack) or services.state.discovered.get(stack)
    repo = catalog.repos.get(place.repo) if place else None
    return repo.url if repo else None
