"""`tegu pull`: fetch a repo and deploy what changed."""

from __future__ import annotations

import click

from app.cli.names import RepoName
from app.cli.output import json_option
from app.cli.session import Session, pass_session
from app.cli.wait import no_wait_option, person, watch
from workers.model.words import Trigger
from workers.reconcile.requests import request_pull


@click.command()
@click.argument("repo", type=RepoName())
@no_wait_option
@json_option
@pass_session
def pull(session: Session, repo: str, no_wait: bool, as_json: bool) -> None:
    """Fetch REPO and deploy what changed."""
    run, status = request_pull(session.services, repo, Trigger.CLI, who=person())
    watch(session, run, status, no_wait=no_wait, as_json=as_json)
