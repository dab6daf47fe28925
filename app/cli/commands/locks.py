"""`tegu locks`: who holds which lock."""

from __future__ import annotations

import click

from app.cli.output import ago, json_option, print_json, print_table
from app.cli.session import Session, pass_session
from workers.commands.locks import release


@click.command()
@json_option
@click.option("--release", "name", metavar="STACK", help="End whoever holds the lock of this stack, frozen or not.")
@pass_session
def locks(session: Session, as_json: bool, name: str | None) -> None:
    """Show who holds which lock, or take one away from a holder that is frozen."""
    if name:
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
    rows = [
        (each["name"], each["host"], each["pid"], ago(each["since"]), f"{each['seconds_left']} s", each["holder"])
        for each in holders
    ]
    print_table(("LOCK", "HOST", "PROCESS", "SINCE", "LEFT", "HOLDER"), rows, empty="Nothing is locked.")
