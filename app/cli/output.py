"""JSON for programs, tables and sentences for people; colours only where somebody sees them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import click

from app.cli import table
from app.pages.moments import Times
from app.pages.words import OUTCOME, PULL, RUN, STATUS, Tone
from workers.model.messages import visible
from workers.runtime.settings import inherited

_WIDTH = 200  # without a terminal nothing has to fit; a cut name would be no use to whoever reads a file

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show everything that is known of it.")

_COLORS: Mapping[Tone, str | None] = {
    Tone.GOOD: "green",
    Tone.BUSY: "cyan",
    Tone.WARN: "yellow",
    Tone.BAD: "red",
    Tone.QUIET: None,
}
_TONES: Mapping[str, Tone] = {
    "ok": Tone.GOOD,
    "warning": Tone.WARN,
    "unreachable": Tone.BAD,
    "still failing": Tone.BAD,
    "still blocked": Tone.BAD,
    "still invalid": Tone.BAD,
    **{word: tone for tone, word in (*PULL.values(), *RUN.values(), *OUTCOME.values(), *STATUS.values())},
}
"""How words that say how something stands are coloured, as on the pages."""


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


def is_coloured() -> bool:
    """Whether somebody sees colours: at a terminal that has them, unless NO_COLOR is set (https://no-color.org)."""
    found = inherited(("NO_COLOR", "TERM"))
    return sys.stdout.isatty() and not found.get("NO_COLOR") and found.get("TERM") != "dumb"


def width() -> int:
    """How many characters a line has: COLUMNS, or the terminal's; without either, as many as it takes."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns


def coloured(tone: Tone, text: str) -> str:
    """A text in the colour of a tone."""
    color = _COLORS[tone] if is_coloured() else None
    return click.style(text, fg=color) if color else text


def tinted(word: str, text: str | None = None) -> str:
    """A word that says how something stands, or a text around it, in its colour."""
    return coloured(_TONES.get(word, Tone.QUIET), word if text is None else text)


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "",
    cut: Collection[str] = (),
    dim: bool = False,
) -> None:
    """Print rows as a table that fits the terminal.

    Args:
        headings: of the columns; the last one is for text, and one of which no row says anything is left out.
        rows: their cells; words that say how something stands are coloured.
        empty: what to say when there is no row.
        cut: headings of columns that may be shortened where room is scarce.
        dim: whether nobody has to look at it.
    """
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    colors = is_coloured()
    head, *rest = table.lines(headings, cells, width(), cut=cut, style=tinted if colors and not dim else _plain)
    click.echo(click.style(head, bold=True) if colors else head)
    click.echo("\n".join(click.style(line, dim=True) for line in rest) if dim and colors else "\n".join(rest))


def _plain(_word: str, text: str) -> str:
    return text


def short(commit: Any) -> str:  # noqa: ANN401 (whatever JSON had)
    """A commit as people read it."""
    return str(commit)[:10] if commit else ""


def ago(moment: Any) -> str:  # noqa: ANN401 (whatever JSON had)
    """How long ago an RFC 3339 time was, as the pages say it; nothing for never."""
    found = Times().moment(str(moment)) if moment else None
    return found.ago if found else ""


def plural(count: int, word: str, more: str = "") -> str:
    """`1 stack`, `2 stacks`."""
    return f"{count} {word if count == 1 else more or f'{word}s'}"
