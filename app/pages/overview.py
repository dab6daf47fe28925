"""`/`: in one look what runs, what changed, what failed and why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flask import Blueprint, g, render_template, request

from app.http.health import OK, check
from app.http.schemas import repo_states, stack_ids
from app.pages.commit_view import CommitViews
from app.pages.moments import Times
from app.pages.overview_view import Overview, Places, overview
from app.pages.recent_runs import RecentRuns
from app.pages.run_view import read_deployments
from app.pages.stack_lines import StackLines
from app.pages.tegu_view import recent_runs, troubles
from app.pages.together import Together
from app.pages.wanted import Wanted
from workers.catalog import Catalog
from workers.catalog.places import paused_by_option
from workers.services import Services

_UNDER_WAY, _RECENT = 5, 100


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept from one request to the next, of what has not changed."""

    lines: StackLines = field(default_factory=StackLines)
    runs: RecentRuns = field(default_factory=RecentRuns)


def create_overview(services: Services) -> Blueprint:
    """The blueprint of the first page."""
    blueprint, kept, together = Blueprint("overview", __name__), Kept(), Together()

    @blueprint.get("/")
    def show() -> str:
        return together.answer((request.full_path, g.visitor.session), draw)

    def draw() -> str:
        return render_template("overview.html", page=read(services, kept, Wanted.of(request.args)), repos=repos())

    def repos() -> tuple[str, ...]:
        return tuple(sorted(services.catalog.current().repos))

    return blueprint


def read(services: Services, kept: Kept, wanted: Wanted) -> Overview:
    """Read all that the first page shows.

    Raises:
        CatalogError: there is no valid catalog.
        RedisUnavailable: nothing is known.
    """
    catalog, state, times = services.catalog.current(), services.state, Times()
    places = state.discovered.all()
    stacks = stack_ids(catalog, state.records.known())
    shown = kept.lines.all(state.stored_facts(stacks), paused_by_option(catalog, stacks, lambda: places))
    runs = state.runs.under_way(_UNDER_WAY)
    deployments = read_deployments(state, runs)
    recent = recent_runs(kept.runs.read(state, _RECENT), times)
    came_to = kept.runs.came_to(state, (line.id for line in recent))
    repos = repo_states(catalog, state)
    notes = state.commits.get_many([*(line.commit for line in shown), *(run.commit for run in runs)])
    return overview(
        shown,
        wanted,
        times=times,
        commits=CommitViews(notes, times),
        places=_places(catalog, {stack: place.repo for stack, place in places.items()}),
        troubles=troubles([name for name, said in check(services).items() if said != OK], repos, times),
        runs=runs,
        deployments=deployments,
        recent=tuple(replace(line, said=came_to[line.id]) for line in recent if line.id in came_to),
        last_look=max((each.last_pull.at for each in repos if each.last_pull), default=None),
        interval=services.settings.reconcile.total_seconds(),
    )


def _places(catalog: Catalog, discovered: dict[str, str]) -> Places:
    """Where stacks are from, and where they run."""
    repos = discovered | {stack.id: stack.repo for stack in catalog.stacks()}
    hosts = {name: f"{each.worker} ({each.docker_host})" for name, each in catalog.environments.items()}
    return Places(repos, hosts, {name: repo.url for name, repo in catalog.repos.items()})
