"""`tegu demo`: the main job on a repository of its own."""

from __future__ import annotations

import sys

import click

from app.cli.demo_story import run_demo
from app.cli.output import json_option, print_json


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything up until Enter is pressed.")
@json_option
def demo(keep: bool, as_json: bool) -> None:
    """Show Tegu at work: a repository of three stacks, four pushes, and what each one touched."""

    def wait() -> None:
        click.prompt("Press Enter to remove everything", default="", show_default=False, prompt_suffix="")

    def say(line: str) -> None:
        click.echo(line, err=as_json)

    shown = run_demo(say, wait=wait if keep and sys.stdin.isatty() else None)
    if as_json:
        print_json(shown)
