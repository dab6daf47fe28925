"""`tegu pause`: deploy nothing to a stack for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import stacks_argument
from app.cli.session import Session, pass_session
from app.cli.wait import person
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.reconcile import requests
else:  # completion and help need no queue
    requests = late("workers.reconcile.requests")


@click.command()
@stacks_argument
@click.option("-m", "--reason", default="", help="Why, for the others.")
@pass_session
def pause(session: Session, stacks: tuple[str, ...], reason: str) -> None:
    """Deploy nothing to each STACK until it is resumed."""
    who = person()
    for stack in [session.services.stacks.find(name) for name in stacks]:
        requests.pause(session.services, stack, who=who, why=reason)
        click.echo(f"{session.names(stack.id)} is paused by {who}; `tegu resume {stack.name}` ends it")
