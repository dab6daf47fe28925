"""A plain table says what rich's would say."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from rich.console import Console
from rich.table import Table

from app.cli.table import is_simple, lines

HEADINGS = ("STACK", "STATUS", "WHY")
ROWS = [("default/a", "deployed", ""), ("default/a-long-name", "failed", "it broke: é"), ("b", "", "unchanged")]


def by_rich(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    table = Table(box=None, pad_edge=False)
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    written = io.StringIO()
    Console(file=written, highlight=False, width=width).print(table)
    return [line.rstrip() for line in written.getvalue().splitlines()]


def test_what_fits_looks_the_same() -> None:
    assert list(lines(HEADINGS, ROWS, 200)) == by_rich(ROWS, 200)


@pytest.mark.parametrize("width", [60, 80])
def test_what_does_not_fit_goes_on_in_the_next_line(width: int) -> None:
    rows = [*ROWS, ("default/c", "failed", "one two three four five six seven eight nine ten " * 3)]
    found = list(lines(HEADINGS, rows, width))
    assert max(map(len, found)) <= width
    assert found == by_rich(rows, width)


def test_a_word_without_an_end_is_folded_and_the_first_column_never_is() -> None:
    found = list(lines(HEADINGS, [("s" * 30, "failed", "x" * 100)], 70))
    assert found[1].startswith("s" * 30 + "  failed  xxx")
    assert "".join(found).count("x") == 100
    assert max(map(len, found)) <= 70


@pytest.mark.parametrize("cell", ["日本", "a\nb", "e\u0301"])
def test_what_takes_more_or_less_than_a_place_is_left_to_rich(cell: str) -> None:
    assert is_simple(ROWS)
    assert not is_simple([("a", cell)])
