"""`tegu check`: every mistake in the catalog and the Compose files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from app.cli.names import repo_option
from app.cli.naming import Names
from app.cli.output import json_option, plural, print_json, say
from app.cli.session import Session, pass_session
from workers.commands.check import check as check_all
from workers.commands.check_folder import check_folder
from workers.commands.check_stacks import Finding
from workers.model.errors import UsageError


@click.command()
@click.option("--no-fetch", is_flag=True, help="Do not bring the clones up to date first.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Judge this working tree as it would be committed now; needs no Redis and no engine, and fetches nothing.",
)
@repo_option
@json_option
@pass_session
def check(session: Session, no_fetch: bool, folder: Path | None, repo: str | None, as_json: bool) -> None:
    """Find every mistake in the catalog, and in the Compose files at the followed commits.

    Before a push, in the repository: tegu check --dir .

    The exit code is 1 where something is wrong or a Git server refuses, and 3 where all that is wrong is that one does
    not answer.
    """
    if repo is not None and folder is None:
        message = "--repo says whose working tree --dir is"
        raise UsageError(message)
    if folder is not None:
        findings = check_folder(session.services, folder, repo)
    else:
        findings = check_all(session.services, fetch=not no_fetch)
    errors = [finding for finding in findings if finding.error]
    if as_json:
        print_json({"ok": not errors, "problems": [asdict(finding) for finding in findings]})
    else:
        _print_findings(findings, session.names)
        say(plural(len(errors), "problem") if errors else "Everything is in order.")
    if errors:
        sys.exit(3 if all(finding.unreachable for finding in errors) else 1)


def _print_findings(findings: list[Finding], names: Names) -> None:
    for finding in findings:
        where = f"{names(finding.stack)}: " if finding.stack else ""
        mark = "" if finding.error else "warning: "
        say(f"{mark}{where}{names.within(finding.message)}")
