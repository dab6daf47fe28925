"""`tegu open`: a link to the page that logs in."""

from __future__ import annotations

import click

from app.cli.session import Session, pass_session
from app.http.links import LINK_SECONDS, make_link
from app.up.token import token_of
from workers.model.errors import UserError


@click.command("open")
@pass_session
def open(session: Session) -> None:  # noqa: A001 (a command's function has its name)
    """Print a link to the page that logs in once, within a quarter of an hour."""
    token = token_of(session.settings)
    if token is None:
        message = "there is no token to log in with: `tegu up` makes one, or set TEGU_API_TOKEN_FILE"
        raise UserError(message)
    click.echo(make_link(session.settings, token))
    click.echo(f"It logs in once, within {LINK_SECONDS // 60} minutes.", err=True)
