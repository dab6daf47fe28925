"""`tegu service`: Tegu as a service of the machine."""

from __future__ import annotations

import os

import click

from app.cli.output import json_option, print_json, say
from app.cli.session import Session, pass_session
from workers.commands.service import Wanted, plan_files
from workers.commands.service import install as install_service


@click.group()
def service() -> None:
    """Run Tegu as a service of the machine."""


@service.command()
@click.option("--worker", is_flag=True, help="Only the worker of TEGU_WORKER; all else runs on another host.")
@click.option(
    "--system/--user",
    "is_system",
    default=None,
    help="For the machine, which is root's to say, or for this user alone; by default, as whoever calls it may.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the files and write nothing.")
@click.option("--force", is_flag=True, help="Also over a unit that somebody has changed.")
@json_option
@pass_session
def install(
    session: Session, worker: bool, is_system: bool | None, only_print: bool, force: bool, as_json: bool
) -> None:
    """Write a unit of systemd's for this catalog, this data directory, and the settings of this environment.

    Settings go into a file that nobody else can read. It is written once; change it there from then on. Nothing is
    started: it says how.
    """
    is_root = os.geteuid() == 0
    wanted = Wanted(session.settings, worker, is_root if is_system is None else is_system, force)
    if only_print:
        for planned in plan_files(wanted):
            say(f"# {planned.path}\n{planned.shown}")
        return
    installed = install_service(wanted)
    if as_json:
        print_json({name: [str(each) for each in getattr(installed, name)] for name in ("written", "kept", "next")})
        return
    for path in installed.written:
        click.echo(f"Wrote {path}.")
    for path in installed.kept:
        click.echo(f"Kept {path}, which was there already.")
    click.echo("\nNext:")
    for command in installed.next:
        click.echo(f"  {command}")
