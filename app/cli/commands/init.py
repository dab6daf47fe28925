"""`tegu init`: a first catalog for a repository."""

from __future__ import annotations

import click

from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session, quiet_logs
from workers.commands.init import found


@click.command()
@click.argument("url")
@click.option("--name", help="What to call the repo; by default, after its address.")
@click.option("--ref", help="The branch or tag to follow; by default, main or master.")
@json_option
@pass_session
def init(session: Session, url: str, name: str | None, ref: str | None, as_json: bool) -> None:
    """Write a catalog and a webhook secret for the repository at URL, with the stacks that are in it."""
    quiet_logs()
    founded = found(session.settings, url, name=name, ref=ref)
    if as_json:
        print_json(
            {
                "catalog": str(founded.catalog),
                "webhook_secret_file": str(founded.secret),
                "repo": founded.repo,
                "ref": founded.ref,
                "stacks": list(founded.stacks),
                "skipped": list(founded.skipped),
            },
        )
        return
    count = len(founded.stacks)
    click.echo(
        f"Wrote {founded.catalog}: repo {founded.repo} at {founded.ref}, {count} stack{'' if count == 1 else 's'}."
    )
    for stack in founded.stacks:
        click.echo(f"  {stack}")
    for message in founded.skipped:
        click.echo(f"  left out: {message}", err=True)
    base = session.settings.public_url or f"http://{session.settings.bind}"
    click.echo(
        "\nNext: `tegu check` reads every Compose file, `tegu up` starts everything.\n"
        f"Then point the forge's webhook to {base.rstrip('/')}/webhooks/{founded.repo}, "
        f"with the secret in {founded.secret}.",
    )
