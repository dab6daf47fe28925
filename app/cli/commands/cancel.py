"""`tegu cancel`: stop a deployment, and what waits for its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import LOG
from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session
from app.cli.wait import person
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.reconcile import cancel as cancelling
    from workers.reconcile.cancel import Cancellation
else:  # completion and help need no queue
    cancelling = late("workers.reconcile.cancel")


@click.command()
@click.argument("name", type=LOG, metavar="DEPLOYMENT|STACK|RUN")
@json_option
@pass_session
def cancel(session: Session, name: str, as_json: bool) -> None:
    """Stop a deployment at the next safe point; of a STACK, also what waits; of a RUN, all that it waits for.

    Nothing is touched before the files are switched; after that, the last good deployment is brought back.
    """
    is_run = session.services.state.runs.head(name) is not None
    if not is_run:
        cancelled: tuple[Cancellation, ...] = (cancelling.request_cancel(session.services, name, who=person()),)
    else:
        cancelled = cancelling.request_cancel_run(session.services, name, who=person())
    if as_json:
        shown = [each.to_json() for each in cancelled]
        print_json(shown if is_run else shown[0])
        return
    for each in cancelled:
        _say(session, each)


def _say(session: Session, cancelled: Cancellation) -> None:
    stack = session.names(cancelled.stack)
    if cancelled.waiting:
        click.echo(f"{stack} waits for its turn no more")
    if cancelled.deployment:
        click.echo(f"{stack} stops at the next safe point; `tegu log {cancelled.deployment} -f` shows it")
