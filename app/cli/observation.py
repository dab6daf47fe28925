"""Commands that show what is and what was: status, runs, log, locks."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from app.cli.names import StackName, repo_option
from app.cli.output import ago, json_option, print_json, print_table, short
from app.cli.session import Session, pass_session
from workers.errors import UnknownName


@click.command()
@click.argument("stacks", type=StackName(), nargs=-1, metavar="[STACK]...")
@json_option
@pass_session
def status(session: Session, stacks: tuple[str, ...], as_json: bool) -> None:
    """Show where every stack stands, or each STACK."""
    from app.schemas import stack_rows  # noqa: PLC0415

    services = session.services
    rows = stack_rows(services.catalog.current(), services.state)
    if stacks:
        rows = _named(rows, stacks)
    if as_json:
        print_json(rows)
        return
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


@click.command()
@repo_option
@click.option("--stack", type=StackName(), help="Only those that did something to this stack.")
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="At most so many.")
@json_option
@pass_session
def runs(session: Session, repo: str | None, stack: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs."""
    services = session.services
    if repo is not None:
        from workers.services import known_repo  # noqa: PLC0415

        known_repo(services.catalog.current(), repo)
    if stack and "/" not in stack:
        from workers.stacks import find_stack  # noqa: PLC0415

        stack = find_stack(services, stack).id
    items = services.state.runs.list(None, limit, repo, stack)["items"]
    if as_json:
        print_json(items)
        return
    now = time.time()
    rows = [
        (
            run["id"],
            run["repo"],
            run["status"],
            run["trigger"],
            run["who"] or "",
            short(run["commit"]),
            ago(run["queued_at"], now),
            _outcomes(run),
        )
        for run in items
    ]
    print_table(
        ("RUN", "REPO", "STATUS", "TRIGGER", "WHO", "COMMIT", "WHEN", "STACKS"), rows, empty="There is no run yet."
    )


def _outcomes(run: dict[str, Any]) -> str:
    counts: dict[str, int] = {}
    for result in run["stacks"].values():
        word = result.get("outcome") or "waiting"
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Go on until it has ended.")
@json_option
@pass_session
def log(session: Session, identifier: str, is_followed: bool, as_json: bool) -> None:
    """Show what a run or deployment did; ID is one of either, or a stack, whose last deployment is meant."""
    from app.cli.logs import Log  # noqa: PLC0415

    shown = Log(session.services, identifier)
    if as_json:
        print_json(shown.as_json())
        return
    try:
        ended_well = shown.print(is_followed=is_followed)
    except KeyboardInterrupt:
        click.echo("\nIt goes on; the same command shows the rest.", err=True)
        sys.exit(130)
    if is_followed and not ended_well:
        sys.exit(1)


@click.command()
@json_option
@click.option("--release", "name", metavar="STACK", help="End whoever holds the lock of this stack, frozen or not.")
@pass_session
def locks(session: Session, as_json: bool, name: str | None) -> None:
    """Show who holds which lock, or take one away from a holder that is frozen."""
    if name:
        from workers.locks import release  # noqa: PLC0415

        released = release(session.services, name)
        if as_json:
            print_json({"name": released.name, "holder": released.holder, "ended": list(released.ended)})
            return
        holder = released.holder or {"holder": "somebody", "host": "this host"}
        processes = ", ".join(str(process) for process in released.ended) or "none"
        click.echo(f"{released.name} was held by {holder['holder']} on {holder['host']}; processes ended: {processes}")
        return
    holders = session.services.state.leases.holders()
    if as_json:
        print_json(holders)
        return
    now = time.time()
    rows = [
        (each["name"], each["holder"], each["host"], each["pid"], ago(each["since"], now), f"{each['seconds_left']}s")
        for each in holders
    ]
    print_table(("LOCK", "HOLDER", "HOST", "PROCESS", "SINCE", "LEFT"), rows, empty="Nothing is locked.")
