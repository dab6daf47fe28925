"""`tegu deploy`: look at stacks, also at those that failed or were stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import stacks_argument
from app.cli.output import json_option
from app.cli.session import Session, pass_session
from app.cli.wait import no_wait_option, person, watch
from workers.model.words import Trigger
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.reconcile import requests
else:  # completion and help need no queue
    requests = late("workers.reconcile.requests")


@click.command()
@stacks_argument
@click.option("--force", is_flag=True, help="Recreate every service, whatever has changed.")
@no_wait_option
@json_option
@pass_session
def deploy(session: Session, stacks: tuple[str, ...], force: bool, no_wait: bool, as_json: bool) -> None:
    """Deploy each STACK, also one that failed before or was stopped."""
    run = requests.request_deploy(session.services, stacks, force=force, trigger=Trigger.CLI, who=person())
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)
