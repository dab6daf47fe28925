from __future__ import annotations

import pickle

import pytest

from workers.changes import ignorefile
from workers.changes.ignorefile import BadPatternError, read_patterns


def texts(content: bytes) -> list[str]:
    return ["!" * pattern.exception + pattern.text for pattern in read_patterns(content)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"# x\n\n  a  \n !b\n", ["a", "!b"]),
        (b" # x", ["# x"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", ["a", "\ufeffb"]),
        (b"a\r\nb\r", ["a", "b"]),
        ("\u3000a\u00a0\n\u2003\u2029\u0085".encode(), ["a"]),
        (b"\x1ca\x1f", ["\x1ca\x1f"]),
        ("a\u2028b\x0bc\x0cd".encode(), ["a\u2028b\x0bc\x0cd"]),
        (b"/a\n//a\n./a\na/\na/./b//c\na/../b\n/../a", ["a", "a", "a", "a", "a/b/c", "b", "a"]),
        (b"/\n.\n..\n../a\n//..", ["/", ".", "..", "../a", "/"]),
        (b"/ /.\n/Xa", ["Xa"]),
        (b"! a\n!/a\n!./a/\n! / a\n/ a", ["!a", "!a", "!a", "! a", "a"]),
        (b"!!a\n!#a", ["!!a", "!#a"]),
        (b"!../a\n!.", ["!../a", "!."]),
        (b"caf\xe9", ["caf\ufffd"]),
    ],
)
def test_lines_become_patterns_as_the_builder_reads_them(content: bytes, expected: list[str]) -> None:
    assert texts(content) == expected


@pytest.mark.parametrize(
    "pattern",
    ["*[", ".*[", "?*[]]", "[.]*[", "[^a]*[", ".*[^]", r"\.[\]", r"\.**["],
)
def test_a_pattern_is_refused_that_is_malformed_as_far_as_a_name_of_one_dot_leads(pattern: str) -> None:
    with pytest.raises(BadPatternError, match="malformed"):
        read_patterns(pattern.encode())


@pytest.mark.parametrize("pattern", ["a*[", "X.*[", "X.]*[", "[a]*[", ".*?*[", "[X*]"])
def test_what_is_malformed_behind_that_is_left_to_the_matcher(pattern: str) -> None:
    assert texts(pattern.encode()) == [pattern]


def test_a_pattern_knows_its_line() -> None:
    assert [pattern.line for pattern in read_patterns(b"# x\na\n\nb")] == [2, 4]


def test_a_line_can_be_too_long_for_the_builder() -> None:
    assert len(texts(b"a\n" + b"b" * 65535)) == 2
    with pytest.raises(BadPatternError, match="more than 65535 bytes") as caught:
        read_patterns(b"a\n# " + b"b" * 65534)
    assert caught.value.line == 2
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.args == (again.line, again.problem) == (2, caught.value.problem)


def test_an_ignore_file_has_a_limited_number_of_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignorefile, "MAX_IGNORE_PATTERNS", 2)
    assert texts(b"a\n#\nb") == ["a", "b"]
    with pytest.raises(BadPatternError, match="more than 2 patterns") as caught:
        read_patterns(b"a\n#\nb\nc")
    assert caught.value.line == 4
