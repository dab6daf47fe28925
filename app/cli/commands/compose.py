"""`tegu compose`: Compose with a stack's exact project, files and environment."""

from __future__ import annotations

import sys

import click

from app.cli.names import stack_argument
from app.cli.session import Session, pass_session
from workers.commands.compose import carry_out
from workers.deploy.known import find_known


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}
)
@stack_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, required=True, metavar="COMMAND...")
@pass_session
def compose(session: Session, stack: str, arguments: tuple[str, ...]) -> None:
    """Run docker compose COMMAND with the exact project, files and environment of STACK.

    For example: tegu compose authelia logs --tail 20
    """
    sys.stdout.flush()
    sys.exit(carry_out(session.services, find_known(session.services, stack), arguments))
