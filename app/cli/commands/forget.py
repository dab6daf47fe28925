"""`tegu forget`: let nothing be left of a stack that is gone but its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.cli.names import stack_argument
from app.cli.output import json_option
from app.cli.session import Session, pass_session
from app.cli.wait import no_wait_option, person, watch
from workers.model.words import Trigger
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.reconcile import forget as forgetting
else:  # completion and help need no queue
    forgetting = late("workers.reconcile.forget")


@click.command()
@stack_argument
@click.option("--down", is_flag=True, help="Take its containers and networks down first.")
@no_wait_option
@json_option
@pass_session
def forget(session: Session, stack: str, down: bool, no_wait: bool, as_json: bool) -> None:
    """Forget STACK, which left the catalog or its repository: what is known of it, and the files that Tegu wrote.

    Volumes stay, and so does everything in its directory that Tegu did not write. While containers of it are left, the
    files that Tegu wrote stay, too.
    """
    run = forgetting.request_forget(session.services, stack, down=down, who=person(), trigger=Trigger.CLI)
    watch(session, run, "queued", no_wait=no_wait, as_json=as_json)
