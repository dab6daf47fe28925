"""Commands of a first day: init, up, demo, schema, completion."""

from __future__ import annotations

import sys

import click

from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session, quiet_logs
from workers.errors import UserError


@click.command()
@click.argument("url")
@click.option("--name", help="What to call the repo; by default, after its address.")
@click.option("--ref", help="The branch or tag to follow; by default, main or master.")
@json_option
@pass_session
def init(session: Session, url: str, name: str | None, ref: str | None, as_json: bool) -> None:
    """Write a catalog and a webhook secret for the repository at URL, with the stacks that are in it."""
    from workers.founding import found  # noqa: PLC0415

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


@click.command()
@pass_session
def up(session: Session) -> None:
    """Run everything on this machine in one process tree: Redis, web, workers, schedule and Flower."""
    from app.up import run_up  # noqa: PLC0415

    run_up(session.settings)


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything up until Enter is pressed.")
@json_option
def demo(keep: bool, as_json: bool) -> None:
    """Show Tegu at work: a repository of three stacks, four pushes, and what each one touched."""
    from app.demo import run_demo  # noqa: PLC0415

    def wait() -> None:
        click.prompt("Press Enter to remove everything", default="", show_default=False, prompt_suffix="")

    def say(line: str) -> None:
        click.echo(line, err=as_json)

    shown = run_demo(say, wait=wait if keep and sys.stdin.isatty() else None)
    if as_json:
        print_json(shown)


@click.command()
@click.option("--json", is_flag=True, expose_value=False, help="Print JSON, which it does anyway.")
def schema() -> None:
    """Print the JSON Schema of the catalog, for editors."""
    from workers.catalog import json_schema  # noqa: PLC0415

    print_json(json_schema())


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL; for bash: source <(tegu completion bash)."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    kind = get_completion_class(shell)
    if kind is None:
        message = f"there is no completion for {shell}"
        raise UserError(message)
    click.echo(kind(ctx.find_root().command, {}, "tegu", "_TEGU_COMPLETE").source())
