"""`tegu status`: where every stack stands."""

from __future__ import annotations

import time
from typing import Any

import click

from app.cli.names import StackName
from app.cli.output import ago, json_option, print_json, print_table, short
from app.cli.repo_text import print_repos
from app.cli.session import Session, pass_session
from app.http.schemas import stack_rows
from workers.model.errors import UnknownName


@click.command()
@click.argument("stacks", type=StackName(), nargs=-1, metavar="[STACK]...")
@json_option
@pass_session
def status(session: Session, stacks: tuple[str, ...], as_json: bool) -> None:
    """Show where every stack stands, or each STACK, and above them the repos that could not be pulled."""
    services = session.services
    rows = stack_rows(services.catalog.current(), services.state)
    if stacks:
        rows = _named(rows, stacks)
    if as_json:
        print_json(rows)
        return
    print_repos(services)
    now = time.time()
    shown = [
        (
            row["stack"],
            row["status"],
            short(row["deployed_commit"]),
            short(row["latest_commit"]),
            ago((row["last_deployment"] or {}).get("at"), now),
            _why(row),
        )
        for row in rows
    ]
    headings = ("STACK", "STATUS", "DEPLOYED", "LATEST", "WHEN", "WHY")
    print_table(headings, shown, empty="There is no stack yet; `tegu pull REPO` looks for them.")


def _named(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, Any]]:
    found = [row for row in rows if row["stack"] in names or row["stack"].partition("/")[2] in names]
    known = {word for row in found for word in (row["stack"], row["stack"].partition("/")[2])}
    for name in names:
        if name not in known:
            message = f"there is no stack {name}; `tegu status` lists those there are"
            raise UnknownName(message)
    return found


def _why(row: dict[str, Any]) -> str:
    decision = row["last_decision"] or {}
    if row["paused"]:
        return f"{row['paused'].get('who', '')}: {row['paused'].get('why', '')}".strip(": ")
    if row["status"] == "paused":
        return "paused by option"
    if row["pinned"]:
        pin = row["pinned"]
        until = "a push changes it" if pin.get("until") == "push" else "`tegu resume`"
        return f"pinned to {short(pin.get('commit'))} by {pin.get('who')} until {until}"
    last = row["last_deployment"] or {}
    failed = last.get("message") if row["status"] in {"failed", "rolled_back"} else ""
    text = failed or decision.get("message") or decision.get("reason") or ""
    return str(text).splitlines()[0] if text else ""
