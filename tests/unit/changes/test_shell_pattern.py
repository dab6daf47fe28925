"""What is expected here is what BuildKit 0.32.2 makes of it."""

from __future__ import annotations

import time

import pytest

from workers.changes.limits import MAX_INTERPOLATED
from workers.changes.shell_pattern import Budget, replaced, without_prefix, without_suffix
from workers.model.errors import InvalidStack


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("a-b-c", "*-", "b-c"),
        ("a-b-c", "#*-", "c"),
        ("a-b-c", "*", "a-b-c"),
        ("a-b-c", "#*", ""),
        ("a-b-c", "?-", "b-c"),
        ("a-b-c", "x", "a-b-c"),
        ("a.b", "?.", "b"),
        ("aXb", "?X", "b"),
        ("ab", "?.", "ab"),
        ("abcabd", "a*b*d", ""),
        ("abXbY", "#a*b", "Y"),
        ("*x", "\\*", "x"),
        ("}/x", "\\}\\/", "x"),
        ("", "a", ""),
        ("a\nb", "#*", "\nb"),
    ],
)
def test_a_beginning_is_taken_off(value: str, pattern: str, expected: str) -> None:
    assert without_prefix(value, pattern, Budget()) == expected


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("1.2.3", ".*", "1.2"),
        ("1.2.3", "%.*", "1"),
        ("1.2.3", "?", "1.2."),
        ("1.2.3", "x", "1.2.3"),
        ("x-a*", "-*\\*", "x"),
    ],
)
def test_an_end_is_taken_off(value: str, pattern: str, expected: str) -> None:
    assert without_suffix(value, pattern, Budget()) == expected


@pytest.mark.parametrize(
    ("value", "pattern", "replacement", "once", "everywhere"),
    [
        ("a.b.c", ".", "-", "a-b.c", "a-b-c"),
        ("a.b.c", "*.", "-", "-c", "-c"),
        ("a.b.c", "", "-", "-a.b.c", "-a-.-b-.-c-"),
        ("a.b.c", "*", "-", "-", "-"),
        ("", "*", "-", "-", "-"),
        ("abab", "ab", "", "ab", ""),
        ("abab", "b*a", "-", "a-b", "a-b"),
        ("aab", "a?", "-", "-b", "-b"),
        ("abc", "c*a", "-", "abc", "abc"),
        ("a1b2", "?2", "]", "a1]", "a1]"),
        ("a\nba\nb", "b", "-", "a\n-a\nb", "a\n-a\n-"),
        ("a\nxab\nb", "a*b", "-", "a\nx-\nb", "a\nx-\nb"),
        ("a\nb", "\n", "", "ab", "ab"),
        ("ab\n", "*", "-", "-\n", "-\n-"),
    ],
)
def test_a_match_is_replaced(value: str, pattern: str, replacement: str, once: str, everywhere: str) -> None:
    assert replaced(value, pattern, replacement, Budget(), everywhere=False) == once
    assert replaced(value, pattern, replacement, Budget(), everywhere=True) == everywhere


def test_no_pattern_makes_the_search_run_away() -> None:
    started = time.process_time()
    for pattern in ("*a" * 30 + "b", "#" + "*a" * 30 + "b", "a*b", "?*" * 30):
        without_prefix("a" * 10_000, pattern, Budget())
        without_suffix("a" * 10_000, pattern, Budget())
        replaced("a" * 10_000, pattern, "", Budget(), everywhere=True)
    assert time.process_time() - started < 5


def test_what_becomes_of_a_file_s_variables_is_bounded() -> None:
    budget = Budget()
    budget.spend(MAX_INTERPOLATED)
    with pytest.raises(InvalidStack, match="more than 1048576 characters are to be gone through"):
        budget.spend(1)
    for value, pattern in (("a" * 2000, "?" * 2000), ("a", "?" * 20_000), ("a" * 1_100_000, "")):
        with pytest.raises(InvalidStack):
            without_prefix(value, pattern, Budget())
        with pytest.raises(InvalidStack):
            without_suffix(value, pattern, Budget())
        with pytest.raises(InvalidStack):
            replaced(value, pattern, "", Budget(), everywhere=False)
    with pytest.raises(InvalidStack):
        replaced("a" * 1000, "a", "b" * 10_000, Budget(), everywhere=True)
