"""`tegu runs`: the newest runs."""

from __future__ import annotations

import click

from app.cli.commit_text import CommitTexts
from app.cli.names import STACK, repo_option
from app.cli.output import json_option, print_json, print_table
from app.cli.repo_text import print_repos
from app.cli.session import Session, pass_session
from app.pages import words
from app.pages.moments import Times
from workers.adapters.state.run import Run
from workers.adapters.state.summary import summary
from workers.services import known_repo

_HEADINGS = ("RUN", "REPO", "STATUS", "WHEN", "COMMIT", "WHAT HAPPENED")


@click.command()
@repo_option
@click.option("--stack", type=STACK, help="Only those that did something to this stack.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@json_option
@pass_session
def runs(session: Session, repo: str | None, stack: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs."""
    services = session.services
    if repo is not None:
        known_repo(services.catalog.current(), repo)
    if stack and "/" not in stack:
        stack = services.stacks.find(stack).id
    items = services.state.runs.list(None, limit, repo, stack).items
    if as_json:
        print_json([run.to_json() for run in items])
        return
    print_repos(services, repo)
    times = Times()
    commits = CommitTexts(services.state, (run.commit for run in items))
    several = len(services.catalog.current().repos) > 1
    rows = [
        (
            run.id,
            run.repo if several else "",
            words.RUN[run.status][1],
            moment.ago if (moment := times.moment(run.queued_at)) else "",
            commits.of(run.commit),
            f"{words.triggered(run.trigger, run.who)}: {_came_of(run)}",
        )
        for run in items
    ]
    print_table(_HEADINGS, rows, empty="There is no run yet; `tegu pull` makes one.", cut=("COMMIT",))


def _came_of(run: Run) -> str:
    return summary(run.stacks.values(), run.started_at, run.finished_at)
