"""JSON for programs, tables for people; colours only where somebody sees them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from app.cli import table
from workers.model.messages import visible
from workers.runtime.late import late

if TYPE_CHECKING:
    import rich.console
    import rich.table
    import rich.text
else:
    rich = late("rich", "console", "table", "text")  # costs more than most commands

_WIDTH = 200  # without a terminal nothing has to fit; a cut name would be no use to whoever reads a file
_MOST_ROWS = 500  # that somebody looks at

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

STYLES = {
    "deployed": "green",
    "succeeded": "green",
    "ok": "green",
    "unchanged": "dim",
    "none": "dim",
    "queued": "cyan",
    "running": "cyan",
    "deploying": "cyan",
    "pending": "cyan",
    "paused": "yellow",
    "stopped": "yellow",
    "drifted": "yellow",
    "degraded": "yellow",
    "warning": "yellow",
    "skipped": "yellow",
    "rolled_back": "red",
    "blocked": "red",
    "failed": "red",
    "invalid": "red",
    "unreachable": "red",
    "removed": "magenta",
}


def print_json(value: object) -> None:
    """Print a value as JSON; a list with one item a line, which is quick to write and easy to search."""
    if isinstance(value, list) and value:
        lines = (json.dumps(item, ensure_ascii=False, default=str) for item in value)
        click.echo(visible("[\n" + ",\n".join(lines) + "\n]"))
    else:
        click.echo(visible(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def say(text: str) -> None:
    """Print what others may have written, a container or a commit, as a terminal may have it."""
    click.echo(visible(text))


def console(*, errors: bool = False) -> rich.console.Console:
    """Where people read: rich's console, which heeds NO_COLOR and knows whether it is a terminal."""
    stream = sys.stderr if errors else sys.stdout
    width = None if stream.isatty() else _WIDTH
    return rich.console.Console(file=stream, highlight=False, soft_wrap=False, width=width)


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, style: str | None = None
) -> None:
    """Print rows as a table that fits the terminal; one that nobody looks at in full is plain.

    Args:
        headings: of the columns.
        rows: their cells; words that say how something stands are coloured.
        empty: what to say when there is no row.
        style: of all of it, in place of the words' colours.
    """
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
    elif (len(cells) > _MOST_ROWS or not sys.stdout.isatty()) and table.is_simple(cells):
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH
        click.echo("\n".join(table.lines(headings, cells, width)))
    else:
        _print_nicely(headings, cells, style)


def _print_nicely(headings: Sequence[str], rows: Iterable[Sequence[str]], style: str | None) -> None:
    shown = rich.table.Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        shown.add_column(heading, overflow="fold", no_wrap=place == 0, ratio=None)
    for cells in rows:
        shown.add_row(*(rich.text.Text(cell, style=style or STYLES.get(cell, "")) for cell in cells))
    console().print(shown)


def short(commit: Any) -> str:  # noqa: ANN401 (whatever JSON had)
    """A commit as people read it."""
    return str(commit)[:10] if commit else ""


def lasting(moment: str, now: float) -> str:
    """How long something has lasted that began at an RFC 3339 time: `40 s`, `3 min 5 s`.

    Args:
        moment: the time.
        now: seconds since the epoch.
    """
    minutes, seconds = divmod(max(0, int(now - datetime.fromisoformat(moment).timestamp())), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def ago(moment: Any, now: float) -> str:  # noqa: ANN401 (whatever JSON had)
    """How long ago an RFC 3339 time was, in the largest unit that fits.

    Args:
        moment: the time; nothing for never.
        now: seconds since the epoch.
    """
    if not moment:
        return ""
    seconds = max(0, int(now - datetime.fromisoformat(str(moment)).timestamp()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit} ago"
    return f"{seconds}s ago"
