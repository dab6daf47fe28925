"""`tegu adopt`: take over a project that runs from another directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import STACK, stack_argument
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
    "--data",
    type=click.Choice(["move", "copy", "leave"]),
    help="What becomes of the data in the directory that the project runs from.",
)
@click.option("--from", "source", type=STACK, help="The stack that is gone and goes on as STACK.")
@no_wait_option
@json_option
@pass_session
def adopt(
    session: Session, stack: str, data: requests.Data | None, source: str | None, no_wait: bool, as_json: bool
) -> None:
    """Take over the project of STACK, which runs from another directory, or under another name.

    `--data move` and `copy` bring its data along, and stop the containers that use it meanwhile; `leave` begins
    without. `--from OLD` lets STACK go on with what OLD has, which is gone: its containers, volumes and directory.
    """
    run = requests.request_adoption(
        session.services, stack, data=data, source=source, who=person(), trigger=Trigger.CLI
    )
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)
