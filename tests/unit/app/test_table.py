"""Tables at every width: nothing is cut that somebody may want to copy, nothing ends in blanks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.cli.table import cut_to, length, lines, wrapped

HEADINGS = ("STACK", "STATUS", "COMMIT", "WHY")
LONG = "web: web-1 is unhealthy: one two three four five six seven eight nine ten eleven twelve"
ROWS = [
    ("adguardhome", "deployed", "bec518319d Begin with five stacks", ""),
    ("authelia", "failed", "bec518319d → df29459802", LONG),
    ("日本", "deployed", "df29459802 Let it know the new proxy", "restarted: its files changed"),
]


def table(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    return list(lines(HEADINGS, rows, width, cut=("COMMIT",), style=lambda _, text: text))


def test_what_fits_stands_in_columns_and_ends_with_its_last_word() -> None:
    assert table(ROWS, 200) == [
        "STACK        STATUS    COMMIT                                WHY",
        "adguardhome  deployed  bec518319d Begin with five stacks",
        f"authelia     failed    bec518319d → df29459802               {LONG}",
        "日本         deployed  df29459802 Let it know the new proxy  restarted: its files changed",
    ]


def test_what_does_not_fit_is_cut_to_its_id_and_a_long_text_stands_below() -> None:
    assert table(ROWS, 60) == [
        "STACK        STATUS    COMMIT      WHY",
        "adguardhome  deployed  bec518319d",
        "authelia     failed    bec518319d",
        "    web: web-1 is unhealthy: one two three four five six",
        "    seven eight nine ten eleven twelve",
        "日本         deployed  df29459802  restarted: its files",
        "                                   changed",
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_nothing_ends_in_blanks_and_no_id_is_folded(width: int) -> None:
    found = table(ROWS, width)
    assert not [line for line in found if line != line.rstrip()]
    assert [line.split()[0] for line in found if not line.startswith(" ")] == ["STACK", *(row[0] for row in ROWS)]
    for commit in ("bec518319d", "df29459802"):
        assert any(commit in line for line in found)


def test_a_column_of_which_no_row_says_anything_is_left_out() -> None:
    assert table([("a", "deployed", "", "")], 80) == ["STACK  STATUS", "a      deployed"]


def test_a_path_is_not_folded_for_whoever_copies_it() -> None:
    path = "services/" + "x" * 90
    assert table([("a", "failed", "", f"it names {path}")], 60)[1:] == ["a      failed", "    it names", f"    {path}"]


def test_lines_of_a_text_stay_lines() -> None:
    assert wrapped("one two\n\nthree", 80) == ["one two", "", "three"]
    assert table([("a", "failed", "", "first\nsecond")], 60)[1:] == ["a      failed  first", "               second"]


def test_texts_are_measured_as_a_terminal_shows_them() -> None:
    assert [length(each) for each in ("abc", "日本", "e\u0301")] == [3, 4, 1]
    assert [cut_to("日本語", room) for room in (6, 5, 4)] == ["日本語", "日本…", "日…"]


def test_only_what_says_how_something_stands_is_styled() -> None:
    found = list(lines(HEADINGS, ROWS[:1], 200, style=lambda cell, text: f"<{text}>" if cell == "deployed" else text))
    assert found[1] == "adguardhome  <deployed>  bec518319d Begin with five stacks"
