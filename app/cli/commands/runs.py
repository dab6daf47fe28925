"""`tegu runs`: the newest runs."""

from __future__ import annotations

import time

import click

from app.cli.names import StackName, repo_option
from app.cli.output import ago, json_option, print_json, print_table, short
from app.cli.repo_text import print_repos
from app.cli.session import Session, pass_session
from workers.adapters.state.summary import summary
from workers.services import known_repo


@click.command()
@repo_option
@click.option("--stack", type=StackName(), help="Only those that did something to this stack.")
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
    now = time.time()
    rows = [
        (
            run.id,
            run.repo,
            run.status,
            run.trigger,
            run.who or "",
            short(run.commit),
            ago(run.queued_at, now),
            summary(run.stacks.values(), run.started_at, run.finished_at),
        )
        for run in items
    ]
    print_table(
        ("RUN", "REPO", "STATUS", "TRIGGER", "WHO", "COMMIT", "WHEN", "WHAT CAME OF IT"),
        rows,
        empty="There is no run yet.",
    )
