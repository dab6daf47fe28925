"""Tables as people read them at whatever width: ids and names are never folded, and nothing ends in blanks.

The last column is text. What of it does not fit beside the others stands in lines of its own below the row. Columns
that say nothing of any row are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from unicodedata import combining, east_asian_width

_GAP = "  "
_INDENT = "    "
_ENOUGH = 30  # characters that the text has beside the others, or those are cut
_LEAST = 16  # with less than that, all of it that does not fit stands below
_MOST_LINES = 2  # that the text may take beside the others
_SHORTEST = 10  # characters that are left of what is cut: a commit's id
_POINTLESS = 4  # characters of a text that say nothing

Style = Callable[[str, str], str]
"""Colours a cell: what it says, and that with the blanks around it."""


def lines(
    headings: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, cut: Collection[str] = (), style: Style
) -> Iterator[str]:
    """The lines of a table.

    Args:
        headings: of the columns.
        rows: their cells.
        width: of a line, in characters.
        cut: headings of columns that may be shortened where room is scarce.
        style: colours each cell.
    """
    kept = [place for place in range(len(headings)) if any(row[place] for row in rows)] or [0]
    table = [[row[place] for place in kept] for row in rows]
    shown = [headings[place] for place in kept]
    widths = [max(map(length, column)) for column in zip(shown, *table, strict=True)]
    _narrow(widths, width, [place for place, heading in enumerate(shown[:-1]) if heading in cut])
    room = width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
    yield _line(shown, widths, lambda _, text: text)
    for row in table:
        cells = [_shortened(cell, size) for cell, size in zip(row[:-1], widths, strict=False)]
        beside, below = _placed(row[-1], room if cells else width, width)
        yield _line([*cells, beside[0]], widths, style)
        yield from (_line([*("" for _ in cells), text], widths, style) for text in beside[1:])
        yield from (f"{_INDENT}{text}".rstrip() for text in below)


def length(text: str) -> int:
    """How many places of a line a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def cut_to(text: str, room: int) -> str:
    """A text that is too long without its end."""
    if length(text) <= room:
        return text
    while text and length(text) > room - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, room: int) -> list[str]:
    """A text in lines, folded between words only: what is longer may be a path that somebody copies."""
    found = []
    for line in text.splitlines():
        current = ""
        for word in line.split():
            if current and length(current) + 1 + length(word) > room:
                found.append(current)
                current = word
            else:
                current = f"{current} {word}" if current else word
        found.append(current)
    return found or [""]


def _narrow(widths: list[int], width: int, places: Sequence[int]) -> None:
    """Take what the text needs of the columns that may be cut, of the last of them first."""
    for place in reversed(places):
        taken = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
        excess = taken + min(widths[-1], _ENOUGH) - width
        widths[place] -= max(0, min(excess, widths[place] - _SHORTEST))


def _shortened(cell: str, room: int) -> str:
    """A cell in its column; what is left of an id and a text is the whole id."""
    text = cell.replace("\n", " ")
    first, _, _ = text.partition(" ")
    return text if length(text) <= room else first if room <= len(first) + _POINTLESS else cut_to(text, room)


def _placed(text: str, room: int, width: int) -> tuple[list[str], list[str]]:
    """The lines of a text beside the other columns, and those below them."""
    if not text or ("\n" not in text and length(text) <= room):
        return [text], []
    beside = wrapped(text, max(room, 1)) if room >= _LEAST else []
    if beside and len(beside) <= _MOST_LINES and all(length(line) <= room for line in beside):
        return beside, []
    return [""], wrapped(text, max(width - len(_INDENT), 1))


def _line(cells: Sequence[str], widths: Sequence[int], style: Style) -> str:
    last = max((place for place, cell in enumerate(cells) if cell), default=-1)
    padded = (
        cell + " " * (size - length(cell) if place < last else 0)
        for place, (cell, size) in enumerate(zip(cells[: last + 1], widths, strict=False))
    )
    return _GAP.join(style(cell, text) for cell, text in zip(cells, padded, strict=False))
