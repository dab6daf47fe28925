"""`tegu resume`: end a pause or a rollback."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from app.cli.names import stacks_argument
from app.cli.session import Session, pass_session
from app.cli.wait import no_wait_option, person, went_well
from workers.model.words import Trigger
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.reconcile import requests
else:  # completion and help need no queue
    requests = late("workers.reconcile.requests")


@click.command()
@stacks_argument
@no_wait_option
@pass_session
def resume(session: Session, stacks: tuple[str, ...], no_wait: bool) -> None:
    """End the pause of each STACK, and its pin if it was rolled back; a pull brings it to the newest commit."""
    started: dict[str, str] = {}
    for stack in [session.services.stacks.find(name) for name in stacks]:
        ended = requests.resume(session.services, stack)
        if not ended:
            click.echo(f"{session.names(stack.id)} is not paused, nor rolled back")
            continue
        click.echo(f"{session.names(stack.id)} is resumed; it follows {stack.ref} again")
        run, status = requests.request_pull(
            session.services, stack.repo, Trigger.CLI, workers=[stack.worker], who=person()
        )
        started[run] = status
    ends = [went_well(session, run, status, no_wait=no_wait, as_json=False) for run, status in started.items()]
    if not all(ends):
        sys.exit(1)
