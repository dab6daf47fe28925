"""Tables as plain text: of what no terminal shows, and of what is too long to be looked at.

rich lays out a table of a few rows more nicely than this, and takes a millisecond for each of them: five seconds for
five thousand stacks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from unicodedata import combining, east_asian_width

_GAP = "  "
_NARROWEST = 8  # characters that are left of a column


def is_simple(rows: Sequence[Sequence[str]]) -> bool:
    """Whether every character of these cells takes one place of a line."""
    return all((cell.isascii() and cell.isprintable()) or all(map(_is_one, cell)) for row in rows for cell in row)


def lines(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """The lines of a table. What does not fit into a line goes on in the next ones, but for the first column.

    Args:
        headings: of the columns.
        rows: their cells, which are simple.
        width: of a line, in characters.
    """
    table = [headings, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    _narrow(widths, width - len(_GAP) * (len(widths) - 1))
    for row in table:
        if all(len(cell) <= room for cell, room in zip(row, widths, strict=True)):
            yield _line(row, widths)
            continue
        folded = [textwrap.wrap(cell, room) for cell, room in zip(row, widths, strict=True)]
        yield from (_line(parts, widths) for parts in zip_longest(*folded, fillvalue=""))


def _narrow(widths: list[int], most: int) -> None:
    """Make the widest column narrower, and then those that are as wide, until all fit."""
    while (excess := sum(widths) - most) > 0:
        widest = max(widths[1:], default=0)
        if widest <= _NARROWEST:
            return
        places = [place for place, room in enumerate(widths) if place and room == widest]
        next_widest = max((room for room in widths[1:] if room < widest), default=_NARROWEST)
        step = max(1, min(widest - max(next_widest, _NARROWEST), -(-excess // len(places))))
        for place in places:
            widths[place] -= step


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(room) for cell, room in zip(cells, widths, strict=True)).rstrip()


def _is_one(character: str) -> bool:
    return not combining(character) and east_asian_width(character) not in "WF" and character.isprintable()
