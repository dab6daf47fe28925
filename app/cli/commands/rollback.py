"""`tegu rollback`: back to an earlier commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import COMMIT, stack_argument
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
@stack_argument
@click.option(
    "--to", type=COMMIT, metavar="COMMIT", help="Where to; by default, the last good deployment before this one."
)
@click.option(
    "--hold",
    type=click.Choice(["until_release", "until_push"]),
    default="until_release",
    show_default=True,
    help="Stay there until `tegu resume`, or until a push changes the stack.",
)
@no_wait_option
@json_option
@pass_session
def rollback(session: Session, stack: str, to: str | None, hold: requests.Hold, no_wait: bool, as_json: bool) -> None:
    """Bring STACK back to an earlier commit, and keep it there."""
    run = requests.request_rollback(session.services, stack, to=to, hold=hold, who=person(), trigger=Trigger.CLI)
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)
