"""Commands that order something out of the ordinary: rollback, cancel, adopt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import StackName, stack_argument
from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session
from app.cli.work import no_wait_option, person, watch

if TYPE_CHECKING:
    from workers.orders import Data, Hold


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
    from workers.model import Trigger  # noqa: PLC0415
    from workers.orders import request_rollback  # noqa: PLC0415

    run = request_rollback(session.services, stack, to=to, hold=hold, who=person(), trigger=Trigger.CLI)
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)


@click.command()
@click.argument("name", type=StackName(), metavar="DEPLOYMENT|STACK")
@json_option
@pass_session
def cancel(session: Session, name: str, as_json: bool) -> None:
    """Stop a deployment at the next safe point; of a STACK, also what waits for its turn.

    Nothing is touched before the files are switched; after that, the last good deployment is brought back.
    """
    from workers.orders import request_cancel  # noqa: PLC0415

    cancelled = request_cancel(session.services, name, who=person())
    if as_json:
        print_json(cancelled)
        return
    if cancelled["waiting"]:
        click.echo(f"{cancelled['stack']} waits for its turn no more")
    if cancelled["deployment"]:
        click.echo(
            f"{cancelled['stack']} stops at the next safe point; `tegu log {cancelled['deployment']} -f` shows it"
        )


@click.command()
@stack_argument
@click.option(
    "--data",
    type=click.Choice(["move", "copy", "leave"]),
    required=True,
    help="What becomes of the data in the directory that the project runs from.",
)
@no_wait_option
@json_option
@pass_session
def adopt(session: Session, stack: str, data: Data, no_wait: bool, as_json: bool) -> None:
    """Take over the project of STACK, which runs from another directory.

    `move` and `copy` bring its data along, and stop the containers that use it meanwhile; `leave` begins without.
    """
    from workers.model import Trigger  # noqa: PLC0415
    from workers.orders import request_adoption  # noqa: PLC0415

    run = request_adoption(session.services, stack, data=data, who=person(), trigger=Trigger.CLI)
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)
