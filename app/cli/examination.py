"""Commands that look for mistakes: check, doctor."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from app.cli.output import STYLES, console, json_option, print_json
from app.cli.session import Session, pass_session

if TYPE_CHECKING:
    from workers.diagnosis import Checked
    from workers.examination import Finding


@click.command()
@click.option("--no-fetch", is_flag=True, help="Do not bring the clones up to date first.")
@json_option
@pass_session
def check(session: Session, no_fetch: bool, as_json: bool) -> None:
    """Find every mistake in the catalog, and in the Compose files at the followed commits."""
    from workers.examination import check as check_all  # noqa: PLC0415

    findings = check_all(session.services, fetch=not no_fetch)
    errors = [finding for finding in findings if finding.error]
    if as_json:
        print_json({"ok": not errors, "problems": [asdict(finding) for finding in findings]})
    else:
        _print_findings(findings)
        click.echo(f"{len(errors)} problem{'s' if len(errors) > 1 else ''}" if errors else "Everything is in order.")
    if errors:
        sys.exit(3 if all(finding.unreachable for finding in errors) else 1)


def _print_findings(findings: list[Finding]) -> None:
    for finding in findings:
        where = f"{finding.stack}: " if finding.stack else ""
        mark = "" if finding.error else "warning: "
        click.echo(f"{mark}{where}{finding.message}")


@click.command()
@json_option
@pass_session
def doctor(session: Session, as_json: bool) -> None:
    """Test everything that Tegu needs, say how to mend what fails, and show the settings."""
    from workers.diagnosis import examine, shown_settings  # noqa: PLC0415

    checks = []
    for checked in examine(session.services):
        checks.append(checked)
        if not as_json:
            _print_check(checked)
    settings = shown_settings(session.services)
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


def _print_check(checked: Checked) -> None:
    from rich.text import Text  # noqa: PLC0415

    line = Text()
    line.append(f"{checked.status:<12}", style=STYLES[checked.status])
    line.append(f"{checked.name}: {checked.found}")
    if checked.mend and checked.status != "ok":
        line.append(f"\n            {checked.mend}")
    console().print(line, soft_wrap=True)
