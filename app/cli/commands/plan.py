"""`tegu plan`: what the next pull would do, or what a change of a repository would."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.names import REVISION, repo_option
from app.cli.output import json_option, print_json, print_table, say
from app.cli.plan_text import is_quiet, markdown, plan_sentence, told
from app.cli.session import Session, pass_session, quiet_logs
from workers.commands.plan_commits import compare, decision_row
from workers.model.errors import UsageError
from workers.model.words import Action, Decision, Reason
from workers.runtime.late import late

if TYPE_CHECKING:
    from workers.commands import plan as next_pull
    from workers.commands import upgrade
else:  # comparing two commits needs no Redis
    next_pull, upgrade = late("workers.commands.plan"), late("workers.commands.upgrade")

_TOLD = (Reason.INVALID, Reason.BLOCKED)  # what is nothing to do, and no good


@click.command()
@click.option(
    "--from", "before", type=REVISION, metavar="COMMIT", help="Compare from this commit; needs no Redis and no Docker."
)
@click.option("--to", "after", type=REVISION, metavar="COMMIT", help="Compare to this one.")
@click.option(
    "--git-dir", type=click.Path(exists=True, path_type=Path), help="Read the commits there, not from the clone."
)
@click.option("--format", "shape", type=click.Choice(["table", "markdown", "json"]), default="table", show_default=True)
@click.option("--no-fetch", is_flag=True, help="Do not bring the clone up to date first.")
@click.option(
    "--objects",
    is_flag=True,
    help="Name the old and the new object id of each path; JSON of the next pull always does.",
)
@click.option("--changed", is_flag=True, help="Leave out stacks that need nothing.")
@repo_option
@json_option
@pass_session
def plan(
    session: Session,
    before: str | None,
    after: str | None,
    git_dir: Path | None,
    shape: str,
    no_fetch: bool,
    objects: bool,
    changed: bool,
    repo: str | None,
    as_json: bool,
) -> None:
    """Show what the next pull would do; with --from and --to, what a change of a repository would.

    In a pull request: tegu plan --from main --to HEAD --git-dir . --format markdown

    A stack that cannot be read, or that has something in the way, is blocked, with the reason; the exit code is
    1 then. What changes is read by Compose and compared with what the engine has, in a folder of its own.

    After an upgrade of Docker Compose it also says what that will recreate of each stack, and when.
    """
    if (before is None) != (after is None) or (git_dir and before is None):
        message = "--from and --to go together, and --git-dir goes with them"
        raise UsageError(message)
    notes: dict[str, upgrade.Upgrade] = {}
    if before is not None and after is not None:
        decisions = _compare(session, repo, before, after, git_dir)
    else:
        decisions = next_pull.plan(session.services, repo, fetch=not no_fetch, surveys=True)
        notes = _upgrades(session, decisions)
    if changed:
        decisions = [each for each in decisions if each.action != Action.NONE or each.reason in _TOLD]
    shape = "json" if as_json else shape
    # What is deployed is compared by objects; two commits are compared for reading, in rows as short as they can be.
    _print_plan(session, decisions, notes, shape, objects=objects or (before is None and shape == "json"))
    if any(each.reason is Reason.BLOCKED for each in decisions):
        sys.exit(1)


def _compare(session: Session, repo: str | None, before: str, after: str, git_dir: Path | None) -> list[Decision]:
    return compare(session.settings, repo, before, after, git_dir, on_fetch=quiet_logs)


def _upgrades(session: Session, decisions: list[Decision]) -> dict[str, upgrade.Upgrade]:
    """What an upgrade of Compose will recreate of the stacks that are planned."""
    return {each.stack: each for each in upgrade.upgrades(session.services, {decision.stack for decision in decisions})}


def _print_plan(
    session: Session, decisions: list[Decision], notes: Mapping[str, upgrade.Upgrade], shape: str, *, objects: bool
) -> None:
    rows = [
        {**decision_row(decision, objects=objects)}
        | ({"upgrade": notes[decision.stack].to_json()} if decision.stack in notes else {})
        for decision in decisions
    ]
    if shape == "json":
        print_json(rows)
        return
    if shape == "markdown":
        say(markdown(rows))
    else:
        if shown := [told(row, session.names) for row in rows if not is_quiet(row)]:
            print_table(("STACK", "TO DO", "WHY"), shown)
            click.echo()
        click.echo(plan_sentence(rows))
    for note in notes.values():
        say(f"\n{session.names.within(str(note))}.")
