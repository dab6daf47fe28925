"""What is expected here is what BuildKit 0.32.2 makes of it."""

from __future__ import annotations

import pytest

from workers.changes.shell_pattern import Budget
from workers.changes.shell_words import RefusedWordError, expanded, split
from workers.model.errors import InvalidStack

VALUES = {"A": "one", "B": "1.2.3", "PATHS": "x/y/z", "NONE": "", "STAR": "a*b"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a$A.b", "aone.b"),
        ("$A_$GONE|$", "|$"),
        ("${A}b", "oneb"),
        ("$1x$12x$?x$$", "xxx"),
        ("'$A'\"$A 'x'\"$A", "$Aone 'x'one"),
        ("\\$A\\a\\", "$Aa"),
        ('"\\$A\\"\\\\\\a"', '$A"\\\\a'),
        ("<a<<b<< c", "<a<<b<< c"),
        ("${GONE:-x y}${NONE:-e}${NONE-e}${GONE-f}${A:-g}${A-h}", "x yefoneone"),
        ("${A:+x}${A+y}${NONE:+x}${NONE+y}${GONE+z}", "xyy"),
        ("${A:?x}${A?x}${NONE?x}", "oneone"),
        ("${GONE:-'${A}'}${GONE:-\"${A}\"}${GONE:-\\}}", "${A}one}"),
        ('"${GONE:-"x"}"', "x"),
        ("${B#*.}${B##*.}${B%.*}${B%%.*}", "2.331.21"),
        ("${GONE#x}${A#x}${A%x}${A#}${A%%}", "oneoneoneone"),
        ("${PATHS/y/r}${PATHS//\\//-}${PATHS/q/r}${GONE/a/b}", "x/r/zx-y-zx/y/z"),
        ("${STAR%\\*b}${STAR#a\\*}${STAR/\\*/${A}}${B/?.\\}/}${A/n/\\}}", "abaoneb1.2.3o\\}e"),
        ("${/a/b}${+x}", ""),
    ],
)
def test_variables_are_put_in_as_the_builder_does(word: str, expected: str) -> None:
    assert expanded(word, VALUES, Budget()) == expected


def test_another_escape_character_takes_the_place_of_the_backslash() -> None:
    assert expanded('`$A\\$A"`$`a"', VALUES, Budget(), "`") == "$A\\one$`a"


@pytest.mark.parametrize(
    "word",
    [
        "'a",
        '"a',
        "${",
        "${A",
        "${}",
        "${:-a}",
        "${A:-b",
        "${A^^}",
        "${A:#b}",
        "${A:%b}",
        "${A:",
        "${GONE?}",
        "${A:0:1}",
        "${NONE:?no}",
        "${A/b}",
        "${#A}",
    ],
)
def test_what_the_builder_refuses_is_refused(word: str) -> None:
    with pytest.raises(RefusedWordError):
        expanded(word, VALUES, Budget())


@pytest.mark.parametrize(
    ("text", "raw", "words"),
    [
        (" a  b\tc ", False, ["a", "b", "c"]),
        ("'a b'\"c d\"e\\ f '' g", False, ["a bc de f", "g"]),
        ("'a b'\"c\\\"d\"e\\ f '' g", True, ['\'a b\'"c\\"d"e\\ f', "''", "g"]),
        ("<<  a < b <<-\tc", True, ["<<  a", "<", "b", "<<-", "c"]),
        ("$A ${A} ${A:-b c} ${A/b/c}${A//b/c}", True, ["$A", "${A}", "${A:-b", "c}", "${A/b/c}"]),
        ("a${A:-b c}", True, ["${A:-b", "c}"]),
        ("a <<", True, ["a", "<<"]),
        ("${A:0:7} ${A:?b}", True, ["${A:0:7}", "${A:?b}"]),
    ],
)
def test_a_text_is_split_as_the_builder_does(text: str, raw: bool, words: list[str]) -> None:
    assert split(text, raw=raw) == words


def test_what_the_builder_refuses_is_not_split() -> None:
    for text in ("'a b", "${A", "${:-a}", "${A^^}"):
        with pytest.raises(RefusedWordError):
            split(text, raw=True)


def test_braces_nest_only_so_deep() -> None:
    word = "${B:-" * 20 + "x" + "}" * 20
    assert expanded(word * 2, {}, Budget()) == "xx"
    with pytest.raises(InvalidStack, match="nest deeper than 20 levels"):
        expanded(f"{word}${{B:-{word}}}", {}, Budget())
