"""`tegu rollback`: back to an earlier commit."""

from __future__ import annotations

import click

from app.cli.names import stack_argument
from app.cli.output import json_option
from app.cli.session import Session, pass_session
from app.cli.wait import no_wait_option, person, watch
from workers.model.words import Trigger
from workers.reconcile.requests import Hold, request_rollback


@click.command()
@stack_argument
@click.option("--to", metavar="COMMIT", help="Where to; by default, the last good deployment before this one.")
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
def rollback(session: Session, stack: str, to: str | None, hold: Hold, no_wait: bool, as_json: bool) -> None:
    """Bring STACK back to an earlier commit, and keep it there."""
    run = request_rollback(session.services, stack, to=to, hold=hold, who=person(), trigger=Trigger.CLI)
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)
