"""Waiting for what a command has started, and who started it."""

from __future__ import annotations

import getpass
import socket
import sys

import click

from app.cli.follow import follow
from app.cli.output import print_json
from app.cli.session import Session
from workers.model.words import RunStatus

no_wait_option = click.option("--no-wait", is_flag=True, help="Print the run's id and return at once.")


def watch(session: Session, run: str, status: str, *, no_wait: bool, as_json: bool) -> None:
    """Wait for a run and show how it goes, unless nobody wants that; exit code 1 when it has failed."""
    if not went_well(session, run, status, no_wait=no_wait, as_json=as_json):
        sys.exit(1)


def went_well(session: Session, run: str, status: str, *, no_wait: bool, as_json: bool) -> bool:
    """Whether a run that was waited for has gone well; one that nobody waits for counts as well."""
    if no_wait:
        if as_json:
            print_json({"run": run, "status": status})
        else:
            click.echo(run)
        return True
    try:
        ended = follow(session.services, run, quiet=as_json)
    except KeyboardInterrupt:
        click.echo(f"\nThe run goes on; `tegu log {run} -f` shows it.", err=True)
        sys.exit(130)
    if as_json:
        print_json(ended.to_json())
    return ended.status is not RunStatus.FAILED


def person() -> str:
    """The person at the keyboard, as far as the machine knows."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "somebody"
    return f"{name}@{socket.gethostname()}"
