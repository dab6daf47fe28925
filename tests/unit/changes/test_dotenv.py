from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.changes import dotenv, limits
from workers.model.errors import InvalidStack

ENVIRON = {"A": "a-env", "EMPTY": ""}


@pytest.mark.parametrize(
    ("content", "variables"),
    [
        ("", {}), ("\n \n# c\n", {}), ("B=1\nC=2", {"B": "1", "C": "2"}), ("B=1\r\nC=2\r\n", {"B": "1", "C": "2"}),
        ("\ufeffB=1", {"B": "1"}), ("  B = 1 \n", {"B": "1"}), ("B: y", {"B": "y"}), ("B=1=2", {"B": "1=2"}),
        ("B=", {"B": ""}), ("B=\nC=1", {"B": "", "C": "1"}), ("B=1\nB=2", {"B": "2"}), ("é=1", {"é": "1"}),
        ("A.B-C[0]=1", {"A.B-C[0]": "1"}), ("B\tC=1", {"B\tC": "1"}), ("=x", {"": "x"}), (":x", {"": "x"}),
        ("B=x # c", {"B": "x"}), ("B=x#c", {"B": "x#c"}), ("B=x\t#c", {"B": "x\t#c"}), ("B= #c", {"B": "#c"}),
        ("B=a\u2003", {"B": "a"}), ("export B=1", {"B": "1"}), ("exportB=1", {"exportB": "1"}),
        ("A\nEMPTY\nNONE\n", {"A": "a-env", "EMPTY": ""}), ("A", {"": "A"}), ("export A\n", {"A": "a-env"}),
        ("export\nB=1", {"B": "1"}),
        ("B='$A\\n'", {"B": "$A\\n"}), ("B='x\\'y'", {"B": "x'y"}), ("B='a\nb'\nC=1", {"B": "a\nb", "C": "1"}),
        ('B="a $A"', {"B": "a a-env"}), ('B="x\ny" # c\nC=1', {"B": "x\ny", "C": "1"}),
        ('B="x"C=3', {"B": "x", "C": "3"}),
        ('B="\\n\\t\\a\\b\\f\\r\\v\\\\ \\""', {"B": '\n\t\a\b\f\r\v\\ "'}), ('B="\\c\\x\\$A"', {"B": "\\c\\x$A"}),
        ('B="\\0123 \\0 \\012 \\07777"', {"B": "S \\ \\12 \\7777"}), ('B="\\0501"', {"B": "\\501"}),
        ("B=a\\nb", {"B": "a\\nb"}),
        ("B=$A-$C\nC=1\nD=$C", {"B": "a-env-", "C": "1", "D": "1"}), ("A=1\nB=$A", {"A": "1", "B": "a-env"}),
        ("B=${NONE:-x}", {"B": "x"}), ("B=$$A", {"B": "$A"}), ('B= "x"', {"B": "x"}), ('B=x"y"', {"B": 'x"y"'}),
        ("#c", {}), ("B=1\n#c\n\n#d", {"B": "1"}),
    ],
)  # fmt: skip
def test_an_env_file_means_what_it_means_to_compose(content: str, variables: dict[str, str]) -> None:
    assert dotenv.parse(content.encode(), ".env", ENVIRON.get) == variables


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("B=1\nB!=1", 2, "has a character that none may have"),
        ("B C=1", 1, "has a space in it"),
        ("#\n\nB='x", 3, "is not closed"),
        ('B="x\\"\nC=1', 1, "is not closed"),
        ("B=1\nC=${", 2, "invalid template"),
        ('B="x\n${NONE?}"', 1, "a required variable is missing a value"),
        ("B=1\nexport ", 2, "there is no variable after export"),
    ],
)
def test_a_line_that_compose_would_refuse_is_refused(content: str, line: int, message: str) -> None:
    with pytest.raises(InvalidStack) as caught:
        dotenv.parse(content.encode(), "a/.env", ENVIRON.get)
    assert message in caught.value.message
    assert (caught.value.file, caught.value.line) == ("a/.env", line)


def test_bytes_that_are_no_utf_8_stay_distinct() -> None:
    assert dotenv.parse(b"B=\xff", "f", ENVIRON.get) != dotenv.parse(b"B=\xfe", "f", ENVIRON.get)


def test_variables_without_a_value_are_told() -> None:
    unset: list[str] = []
    dotenv.parse(b"B=$A\nC=$B${OTHER:-x}", "f", ENVIRON.get, unset.append)
    assert unset == []
    dotenv.parse(b"B=$A\n\nC=x$NONE\nD='$NONE'", "a/.env", ENVIRON.get, unset.append)
    dotenv.parse(b"B=$NONE", "a/.env", ENVIRON.get)
    assert unset == ["a/.env:3"]


SECRET = "EXAMPLESECRET"


@pytest.mark.parametrize("parse", [dotenv.parse, dotenv.parse_raw])
@pytest.mark.parametrize(
    "content",
    [
        "KEY=-----BEGIN\nMIIE{}+abc/def==",  # a key over several lines
        'X=1\nPASSWORD="{} and so on\nX=1',
        "X='a\n{}",
        "{} and so on",
        "{} A=so on",
        "{}!!",
        "export {}!!=",
        "X={}${{",
        "X=${{NONE:?{}}}",
        "X=${{NONE?{}}}",
        "X=${{{}?}}",
        'X="\n${{NONE:-${{{}?}}}}"',
        "{} x",
        "={}",
        "\t{}\t=1",
        "{}\ud800",
        "X=" + "${{A:-" * 200 + "{}",
    ],
)
def test_no_error_quotes_what_a_file_says(parse: Callable[..., object], content: str) -> None:
    text = content.format(SECRET).encode("utf-8", "surrogatepass")
    told: list[str] = []
    try:
        parse(text, "a/.env", ENVIRON.get, *[told.append] * (parse is dotenv.parse))
    except InvalidStack as error:
        told += [f"{error.file}:{error.line}", str(error)]
    assert SECRET not in "".join(told)


@given(st.text(alphabet="AB= :#'\"\\\n\r$e{}\t0?-+", max_size=40))
def test_whatever_is_wrong_no_error_says_more_of_a_file_than_where(text: str) -> None:
    for parse in (dotenv.parse, dotenv.parse_raw):
        said = set()
        for letter in "xy":
            try:
                parse(text.replace("e", f"{letter * 9}").encode(), "f", ENVIRON.get)
            except InvalidStack as error:
                said.add(str(error))
        assert len(said) <= 1


@pytest.mark.parametrize(
    ("content", "variables"),
    [
        ("", {}), ("B=1\nC=2\n", {"B": "1", "C": "2"}), ("A\nNONE", {"A": "a-env"}),
        ("\ufeff B= x \r\n#c", {"B": " x "}),
        ("B='x'", {"B": "'x'"}), ("B=${A} # c", {"B": "${A} # c"}), ("B=1=2", {"B": "1=2"}), ("!=1", {"!": "1"}),
        ("\n\t\nB=", {"B": ""}),
    ],
)  # fmt: skip
def test_a_raw_env_file_is_taken_literally(content: str, variables: dict[str, str]) -> None:
    assert dotenv.parse_raw(content.encode(), ".env", ENVIRON.get) == variables


@pytest.mark.parametrize(("content", "line"), [(b"B C=1", 1), (b"A=1\n=x", 2), (b"B\tC", 1), (b"A=1\nB=\xff", 2)])
def test_a_raw_line_needs_a_name_and_utf_8(content: bytes, line: int) -> None:
    with pytest.raises(InvalidStack) as caught:
        dotenv.parse_raw(content, ".env", ENVIRON.get)
    assert (caught.value.file, caught.value.line) == (".env", line)


@pytest.mark.parametrize("parse", [dotenv.parse, dotenv.parse_raw])
def test_a_huge_file_is_refused(parse: object) -> None:
    with pytest.raises(InvalidStack, match="an env file may have"):
        parse(b"A=" + b"x" * limits.MAX_ENV_FILE_BYTES, ".env", ENVIRON.get)  # type: ignore[operator]


def test_a_large_file_is_read_at_once() -> None:
    content = b"".join(b'KEY_%d="value $A"\n' % number for number in range(40_000))
    assert len(dotenv.parse(content, ".env", ENVIRON.get)) == 40_000


@given(st.text(alphabet="AB= :#'\"\\\n\r$e{}\t0", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (dotenv.parse, dotenv.parse_raw):
        try:
            variables = parse(text.encode(), "f", ENVIRON.get)
        except InvalidStack:
            continue
        assert all(isinstance(value, str) for value in variables.values())
