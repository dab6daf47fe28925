"""`tegu up`: everything on this machine in one process tree."""

from __future__ import annotations

import click

from app.cli.session import Session, pass_session
from app.up.up import run_up


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Also print what Celery, gunicorn and Redis say of themselves.")
@pass_session
def up(session: Session, verbose: bool) -> None:
    """Run everything on this machine in one process tree: Redis, web, worker, schedule and Flower.

    It prints one line for each thing that happened; TEGU_LOG_FORMAT=json prints everything, as objects.
    """
    run_up(session.settings, verbose=verbose)
