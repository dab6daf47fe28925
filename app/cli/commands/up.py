"""`tegu up`: everything on this machine in one process tree."""

from __future__ import annotations

import click

from app.cli.session import Session, pass_session
from app.up.up import run_up


@click.command()
@pass_session
def up(session: Session) -> None:
    """Run everything on this machine in one process tree: Redis, web, workers, schedule and Flower."""
    run_up(session.settings)
