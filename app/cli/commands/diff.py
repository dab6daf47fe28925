"""`tegu diff`: what is deployed against what is newest."""

from __future__ import annotations

import click

from app.cli.names import stack_argument
from app.cli.output import json_option, print_json, say, short
from app.cli.session import Session, pass_session
from workers.commands.plan import stack_difference


@click.command()
@stack_argument
@json_option
@pass_session
def diff(session: Session, stack: str, as_json: bool) -> None:
    """Show what differs between what is deployed of STACK and what is newest; values of secrets are masked."""
    difference = stack_difference(session.services, session.services.stacks.find(stack))
    if as_json:
        print_json(difference)
        return
    for file in difference["files"]:
        # The lines of a text name its path themselves; a summary or a mode does not.
        if not str(file["diff"]).startswith("---"):
            say(f"{file['path']}:")
        say(file["diff"])
    for name in difference["inputs"]:
        say(f"outside Git: {name} differs")
    if not difference["files"] and not difference["inputs"]:
        say(f"Nothing differs between {short(difference['from'])} and {short(difference['to'])}.")
