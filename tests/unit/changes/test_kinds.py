from __future__ import annotations

from collections.abc import Callable

import pytest

from workers.changes import kinds


@pytest.mark.parametrize(
    ("kind", "written", "same"),
    [
        (kinds.text, 1, "1"), (kinds.text, None, None), (kinds.text, ["a"], ["a"]),
        (kinds.flag, "yes", True), (kinds.flag, None, False), (kinds.flag, "neither", "neither"),
        (kinds.whole, "10", 10), (kinds.whole, "-1", -1), (kinds.whole, "1g", "1g"),
        (kinds.single, ".5", 0.5), (kinds.single, "0.50", 0.5), (kinds.single, "half", "half"),
        (kinds.size, "1g", 2**30), (kinds.size, "1.5gb", 3 * 2**29), (kinds.size, "1024", 1024), (kinds.size, 7, 7),
        (kinds.size, "512 MiB", 2**29), (kinds.size, "-1", -1), (kinds.size, "a lot", "a lot"),
        (kinds.duration, "1m30s", 90 * 10**9), (kinds.duration, "1.5h", 5400 * 10**9), (kinds.duration, "90", "90"),
        (kinds.duration, "100us", 100_000), (kinds.duration, "1w", 7 * 86_400 * 10**9), (kinds.duration, 5, 5),
        (kinds.octal, "0440", 0o440), (kinds.octal, 288, 288), (kinds.octal, "9", "9"),
        (kinds.texts, "a", ["a"]), (kinds.texts, ["a", 1], ["a", "1"]), (kinds.texts, None, None),
        (kinds.options, {"a": None, "b": 1}, {"a": "", "b": "1"}), (kinds.options, ["a", "b=1"], {"a": "", "b": "1"}),
        (kinds.options, "a", "a"),
    ],
)  # fmt: skip
def test_a_value_is_what_its_kind_makes_of_it(kind: kinds.Kind, written: object, same: object) -> None:
    found = kind(written)
    assert found == same
    assert type(found) is type(same)


@pytest.mark.parametrize(
    ("make", "written", "same"),
    [
        (kinds.listed, ["1", 2], [1, 2]), (kinds.listed, "x", "x"),
        (kinds.mapped, {"a": "1"}, {"a": 1}), (kinds.mapped, None, None), (kinds.mapped, ["a"], ["a"]),
        (kinds.pointer, 0, [0]), (kinds.pointer, "1", [1]), (kinds.pointer, None, None),
    ],
)  # fmt: skip
def test_a_kind_may_be_made_of_another_one(
    make: Callable[[kinds.Kind], kinds.Kind], written: object, same: object
) -> None:
    assert make(kinds.whole)(written) == same


def test_what_is_left_out_may_have_a_default() -> None:
    view = kinds.default(kinds.whole, "80")
    assert (view(None), view("8"), view(0)) == (80, 8, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []), ("  ", []), ("web", ["web"]), (" web  --x\n", ["web", "--x"]), ('""', [""]), ("''", [""]),
        ("sh -c 'a && b'", ["sh", "-c", "a && b"]), ('a"b c"d', ["ab cd"]), ('"a\'b"', ["a'b"]), ("'a\\b'", ["a\\b"]),
        ("a\\ b", ["a b"]), ("a\\tb\\nc\\d", ["a\tb\ncd"]), ('"a\\"b"', ['a"b']),
        ("a && b", ["a"]), ("a;b", ["a"]), ("a|b", ["a"]), ("a >b", ["a"]), ("a 2>b", ["a"]), ("a x2>b", ["a", "x2"]),
        ("a 2 >b", ["a", "2"]), ("$HOME", ["$HOME"]), ("a b 2>c", ["a", "b"]), ("2>a", []),
        ("a $(b)", "a $(b)"), ("a `b`", "a `b`"), ("a 'b", "a 'b"), (["a b"], ["a b"]), (None, None),
        ("`a b", "`a b"), ("a\u00a0b", "a\u00a0b"), ("a\u00a0", "a\u00a0"),
    ],
)  # fmt: skip
def test_a_command_is_parted_by_blanks_and_quotes(text: object, words: object) -> None:
    assert kinds.command(text) == words


def test_a_record_keeps_what_it_does_not_know_and_drops_what_says_nothing() -> None:
    view = kinds.record({"a": kinds.whole, "b": kinds.flag, "c": kinds.pointer(kinds.flag)}, frozenset({"ignored"}))
    written = {"a": "1", "b": False, "c": False, "other": [1], "empty": {}, "x-note": 1, "ignored": 1, "n": None}
    assert view(written) == {"a": 1, "c": [False], "other": [1]}
    assert view({"a": "0"}) == view({"other": ""}) == {}
    assert view("text") == "text"
