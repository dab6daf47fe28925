"""`tegu doctor`: everything that Tegu needs, and how to mend it."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from app.cli.naming import Names
from app.cli.output import json_option, print_json, say, tinted
from app.cli.session import Session, pass_session
from workers.commands.checked import Checked
from workers.commands.doctor import examine
from workers.model.messages import visible
from workers.runtime.shown_settings import shown_settings


@click.command()
@json_option
@pass_session
def doctor(session: Session, as_json: bool) -> None:
    """Test everything that Tegu needs, say how to mend what fails, and show the settings.

    After an upgrade of Docker Compose it also says what that will recreate of each stack, and when.
    """
    checks = []
    for checked in examine(session.services):
        checks.append(checked)
        if not as_json:
            _print_check(checked, session.names)
    settings = shown_settings(session.settings)
    if as_json:
        ok = all(checked.status in {"ok", "warning"} for checked in checks)
        print_json({"ok": ok, "checks": [asdict(checked) for checked in checks], "settings": settings})
    else:
        click.echo("\nSettings:")
        for name, value in settings.items():
            click.echo(f"  {name}={'' if value is None else value}")
    statuses = {checked.status for checked in checks}
    if "unreachable" in statuses:
        sys.exit(3)
    if "failed" in statuses:
        sys.exit(1)


def _print_check(checked: Checked, names: Names) -> None:
    status = tinted(checked.status, f"{checked.status:<12}")
    click.echo(f"{status}{visible(names.within(f'{checked.name}: {checked.found}'))}")
    if checked.mend and checked.status != "ok":
        say(f"            {names.within(checked.mend)}")
