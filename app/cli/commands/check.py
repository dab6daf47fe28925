"""`tegu check`: every mistake in the catalog and the Compose files."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from app.cli.output import json_option, print_json
from app.cli.session import Session, pass_session
from workers.commands.check import Finding
from workers.commands.check import check as check_all


@click.command()
@click.option("--no-fetch", is_flag=True, help="Do not bring the clones up to date first.")
@json_option
@pass_session
def check(session: Session, no_fetch: bool, as_json: bool) -> None:
    """Find every mistake in the catalog, and in the Compose files at the followed commits."""
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
