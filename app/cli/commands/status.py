"""`tegu status`: where every stack stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from app.cli.commit_text import CommitTexts
from app.cli.names import STACK
from app.cli.naming import Names
from app.cli.output import coloured, json_option, plural, print_json, print_table, say
from app.cli.repo_text import print_repos
from app.cli.session import Session, pass_session
from app.http.schemas import stack_facts, stack_ids
from app.pages.moments import Times
from app.pages.stack_line import StackLine, stack_line
from app.pages.standing import standing
from workers.adapters.state.status import StackFacts, status_row
from workers.model.errors import UnknownName
from workers.model.words import StackStatus
from workers.services import Services

_HEADINGS = ("STACK", "STATUS", "RUNNING", "WHEN", "COMMIT", "WHY")


@click.command()
@click.argument("stacks", type=STACK, nargs=-1, metavar="[STACK]...")
@click.option("--all", "with_gone", is_flag=True, help="Show stacks that are gone, too.")
@json_option
@pass_session
def status(session: Session, stacks: tuple[str, ...], with_gone: bool, as_json: bool) -> None:
    """Show where every stack stands, or each STACK, and above them the repos that could not be pulled.

    Of those that were deployed and are gone only their number is shown, unless they are asked for; JSON has all.
    """
    services = session.services
    catalog = services.catalog.current()
    ids = stack_ids(catalog, services.state.records.known())
    facts = stack_facts(catalog, services.state, _named(ids, stacks) if stacks else ids)
    if as_json:
        print_json([status_row(each) for each in facts])
        return
    print_repos(services)
    names = session.names
    lines = [(each, stack_line(each)) for each in facts]
    living = [(each, line) for each, line in lines if line.status is not StackStatus.REMOVED]
    gone = [(each, line) for each, line in lines if line.status is StackStatus.REMOVED]
    if living:
        print_table(_HEADINGS, _cells(living, services, names), cut=("COMMIT",))
    if living or not gone:
        _conclude([line for _, line in living], is_all=not stacks)
    if gone:
        _print_gone(gone, services, names, in_full=with_gone or bool(stacks))


def _cells(lines: Iterable[tuple[StackFacts, StackLine]], services: Services, names: Names) -> list[tuple[str, ...]]:
    shown, times = list(lines), Times()
    commits = CommitTexts(services.state, (line.commit for _, line in shown))
    return [
        (
            names(line.id),
            line.word,
            line.well.word,
            moment.ago if (moment := times.moment(line.at)) else "",
            commits.of(line.commit, None if line.is_newest else facts.known.latest_commit),
            names.within(_why(line, names)),
        )
        for facts, line in shown
    ]


def _why(line: StackLine, names: Names) -> str:
    """Why it stands so, for whoever has to do something about it; else what was done last."""
    if line.status is StackStatus.STOPPED:
        return f"{line.why}; `tegu deploy {names(line.id)}` starts it"
    return line.why or line.did


def _conclude(living: Sequence[StackLine], *, is_all: bool) -> None:
    if not living:
        click.echo("There is no stack yet; `tegu pull` looks for them.")
    elif is_all:
        tone, said = standing(living)
        click.echo(f"\n{coloured(tone, said)}")


def _print_gone(
    lines: Sequence[tuple[StackFacts, StackLine]], services: Services, names: Names, *, in_full: bool
) -> None:
    """A block of its own, so that the dead are not taken for the living."""
    if not in_full:
        say(
            f"{plural(len(lines), 'stack')} gone; `tegu status --all` lists what was deployed, `tegu forget STACK` "
            "ends that."
        )
        return
    headings = ("GONE", *_HEADINGS[1:2], *_HEADINGS[3:])
    # Nobody watches what runs of them.
    print_table(headings, [(*row[:2], *row[3:]) for row in _cells(lines, services, names)], cut=("COMMIT",), dim=True)


def _named(ids: Sequence[str], names: Sequence[str]) -> list[str]:
    """Those ids that are meant.

    Raises:
        UnknownName: there is none of a name.
    """
    found = [each for each in ids if each in names or each.partition("/")[2] in names]
    known = {word for each in found for word in (each, each.partition("/")[2])}
    for name in names:
        if name not in known:
            message = f"there is no stack {name}; `tegu status` lists those there are"
            raise UnknownName(message, name)
    return found
