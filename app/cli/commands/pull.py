"""`tegu pull`: fetch a repo and deploy what changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from app.cli.names import REPO
from app.cli.output import json_option
from app.cli.session import Session, pass_session
from app.cli.wait import no_wait_option, person, watch
from workers.model.errors import UsageError
from workers.model.words import Trigger
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.reconcile import requests
else:  # completion and help need no queue
    requests = late("workers.reconcile.requests")


@click.command()
@click.argument("repo", type=REPO, required=False)
@no_wait_option
@json_option
@pass_session
def pull(session: Session, repo: str | None, no_wait: bool, as_json: bool) -> None:
    """Fetch REPO and deploy what changed; the only repo of the catalog need not be named."""
    wanted = repo or _only_repo(session.services.catalog.current().repos)
    run, status = requests.request_pull(session.services, wanted, Trigger.CLI, who=person())
    watch(session, run, status, no_wait=no_wait, as_json=as_json)


def _only_repo(repos: Collection[str]) -> str:
    """The repo that is meant where none is named.

    Raises:
        UsageError: there are several, or none.
    """
    if len(repos) != 1:
        message = f"name a repo; the catalog has {', '.join(sorted(repos)) or 'none'}"
        raise UsageError(message)
    return next(iter(repos))
