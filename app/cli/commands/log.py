"""`tegu log`: what a run or a deployment did."""

from __future__ import annotations

import sys

import click

from app.cli.log_text import Log
from app.cli.names import LOG
from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session


@click.command()
@click.argument("identifier", type=LOG, metavar="ID")
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Go on until it has ended.")
@json_option
@pass_session
def log(session: Session, identifier: str, is_followed: bool, as_json: bool) -> None:
    """Show what a run or deployment did; ID is one of either, or a stack, whose last deployment is meant."""
    shown = Log(session.services, identifier)
    if as_json:
        print_json(shown.as_json())
        return
    try:
        ended_well = shown.print(is_followed=is_followed)
    except KeyboardInterrupt:
        click.echo("\nIt goes on; the same command shows the rest.", err=True)
        sys.exit(130)
    if is_followed and not ended_well:
        sys.exit(1)
