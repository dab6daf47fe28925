"""`tegu status`: where every stack stands."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import click

from app.cli.how_it_stands import running, stopped, unwell
from app.cli.names import StackName
from app.cli.output import ago, json_option, print_json, print_table, short
from app.cli.repo_text import print_repos
from app.cli.session import Session, pass_session
from app.http.schemas import stack_rows
from workers.model.errors import UnknownName
from workers.model.words import StackStatus


@click.command()
@click.argument("stacks", type=StackName(), nargs=-1, metavar="[STACK]...")
@click.option("--all", "with_gone", is_flag=True, help="Show stacks that are gone, too.")
@json_option
@pass_session
def status(session: Session, stacks: tuple[str, ...], with_gone: bool, as_json: bool) -> None:
    """Show where every stack stands, or each STACK, and above them the repos that could not be pulled.

    Of those that were deployed and are gone only their number is shown, unless they are asked for; JSON has all.
    """
    services = session.services
    rows = stack_rows(services.catalog.current(), services.state)
    if stacks:
        rows = _named(rows, stacks)
    if as_json:
        print_json(rows)
        return
    print_repos(services)
    living = [row for row in rows if row["status"] != StackStatus.REMOVED]
    gone = [row for row in rows if row["status"] == StackStatus.REMOVED]
    if living or not gone:
        headings = ("STACK", "STATUS", "RUNNING", "DEPLOYED", "LATEST", "WHEN", "WHY")
        print_table(headings, _cells(living), empty="There is no stack yet; `tegu pull REPO` looks for them.")
    if gone:
        _print_gone(gone, in_full=with_gone or bool(stacks))


def _cells(rows: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    now = time.time()
    return [
        (
            row["stack"],
            row["status"],
            running(row),
            short(row["deployed_commit"]),
            short(row["latest_commit"]),
            ago((row["last_deployment"] or {}).get("at"), now),
            _why(row),
        )
        for row in rows
    ]


def _print_gone(rows: list[dict[str, Any]], *, in_full: bool) -> None:
    """A block of its own, so that the dead are not taken for the living."""
    if not in_full:
        count = f"{len(rows)} stack{'' if len(rows) == 1 else 's'}"
        click.secho(
            f"{count} gone; `tegu status --all` lists what was deployed, `tegu forget STACK` ends that", dim=True
        )
        return
    headings = ("GONE", "STATUS", "DEPLOYED", "LATEST", "WHEN", "WHY")
    # Nobody watches what runs of them.
    print_table(headings, [(*row[:2], *row[3:]) for row in _cells(rows)], empty="", style="dim")


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
    if row["stopped"]:
        return f"{stopped(row)}; `tegu deploy` starts it"
    if row["status"] in {"drifted", "degraded"}:
        return unwell(row)
    if row["removed"] and decision.get("reason") != "removed":
        return str(row["removed"].get("why") or "")
    return _told(row, decision)


def _told(row: dict[str, Any], decision: dict[str, Any]) -> str:
    """The first line of what was said last, of the deployment as long as what it left is not made good."""
    last = row["last_deployment"] or {}
    is_left = row["status"] in {"failed", "rolled_back"} or (row["held"] and last.get("outcome") == "cancelled")
    text = (is_left and last.get("message")) or decision.get("message") or decision.get("reason") or ""
    return str(text).splitlines()[0] if text else ""
