"""`tegu completion`: the completion script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from workers.model.errors import UserError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL; for bash: source <(tegu completion bash)."""
    kind = get_completion_class(shell)
    if kind is None:
        message = f"there is no completion for {shell}"
        raise UserError(message)
    click.echo(kind(ctx.find_root().command, {}, "tegu", "_TEGU_COMPLETE").source())
