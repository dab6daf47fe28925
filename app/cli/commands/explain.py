"""`tegu explain`: why the last decision came out as it did."""

from __future__ import annotations

from typing import Any

import click

from app.cli.names import stack_argument
from app.cli.output import json_option, print_json, say
from app.cli.plan_text import explanation
from app.cli.session import Session, pass_session
from workers.commands.plan import explain_named


@click.command()
@stack_argument
@json_option
@pass_session
def explain(session: Session, stack: str, as_json: bool) -> None:
    """Show why the last decision about STACK came out as it did, and what it is made of."""
    found: Any = explain_named(session.services, stack)
    if as_json:
        print_json(found)
        return
    say(explanation(found))
