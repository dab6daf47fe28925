from __future__ import annotations

from math import inf, isnan

import pytest

from workers.changes.scalar import Moment, NegativeZero, resolve, text_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("nULL", "nULL"),
        ("true", True), ("FALSE", False), ("yes", "yes"), ("on", "on"), ("y", "y"),
        ("0", 0), ("12", 12), ("-3", -3), ("+3", 3), ("1_000", 1000), ("_1", "_1"), ("0755", 493), ("0o17", 15),
        ("0x1F", 31), ("-0X1f", -31), ("0b101", 5), ("0b12", "0b12"), ("08", 8.0), ("09.5", 9.5),
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-2", -0.015), (".e3", ".e3"), ("._5", "._5"),
        (".0_1", 0.01), (".1_0e0_1", 1.0), (".0__1", ".0__1"), (".1_", ".1_"), (".1_e1", ".1_e1"), (".1e_1", ".1e_1"),
        (".1e999", ".1e999"), ("-.0_1", -0.01), ("-00", 0), ("-0_", 0), ("+0", 0),
        ("1e999", "1e999"), (".inf", inf), ("-.Inf", -inf), ("+.INF", inf), ("inf", "inf"),
        ("18446744073709551615", 2**64 - 1), ("18446744073709551616", 2.0**64), ("-9223372036854775809", -(2.0**63)),
        ("1" * 200, float("1" * 200)),
        ("22:22", "22:22"), ("1.2.3", "1.2.3"), ("2020-13-01", "2020-13-01"),
        ("2020-01-01T10:00", "2020-01-01T10:00"), ("-", "-"), ("+", "+"), ("0x", "0x"),
        ("1a", "1a"), ("<<", "<<"), ("a b", "a b"),
    ],
)  # fmt: skip
def test_a_plain_scalar_means_what_yaml_v3_makes_of_it(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_one() -> None:
    found = resolve(".nan")
    assert isinstance(found, float)
    assert isnan(found)


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("5", "str", "5"), ("true", "str", "true"), ("3", "float", 3.0), ("3.5", "float", 3.5), ("3", "int", 3),
        ("aGk=", "binary", "hi"), ("aG\n k=", "binary", "hi"), ("2020-01-01", "str", "2020-01-01"),
        ("x", "timestamp", "x"),
        ("~", "null", None), ("true", "bool", True), ("x", "pairs", "x"),
    ],
)  # fmt: skip
def test_a_tag_says_what_a_scalar_is(text: str, tag: str, value: object) -> None:
    found = resolve(text, tag)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("tag", [None, "int", "float"])
def test_a_negative_zero_is_no_zero_to_newer_releases_so_its_text_is_neither(tag: str | None) -> None:
    found = resolve("-0", tag)
    assert isinstance(found, NegativeZero)
    assert text_of(found) not in {"0", "-0"}
    assert str(float(found)) == "-0.0"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2020-01-01", "2020-01-01 00:00:00 +0000 UTC"),
        ("2020-1-2", "2020-01-02 00:00:00 +0000 UTC"),
        ("2020-01-01 1:2:3", "2020-01-01 01:02:03 +0000 UTC"),
        ("2020-01-01T10:00:00.50Z", "2020-01-01 10:00:00.5 +0000 UTC"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.1 -0500 -0500"),
        ("2001-12-14T21:59:43+05:30", "2001-12-14 21:59:43 +0530 +0530"),
    ],
)
@pytest.mark.parametrize("tag", [None, "timestamp"])
def test_a_date_is_written_out_as_go_does(text: str, shown: str, tag: str | None) -> None:
    found = resolve(text, tag)
    assert found == shown
    assert isinstance(found, Moment)


@pytest.mark.parametrize(
    ("text", "tag"),
    [("2020-01-01", "int"), ("x", "int"), ("1.5", "int"), ("yes", "bool"), ("x", "null"), ("?", "binary")],
)
def test_a_scalar_that_is_not_what_its_tag_says_is_refused(text: str, tag: str) -> None:
    with pytest.raises(ValueError):
        resolve(text, tag)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"), (True, "true"), (False, "false"), (None, "<nil>"), (7, "7"), (1.5, "1.5"), (100.0, "100"),
        (1000000.5, "1.0000005e+06"), (1e6, "1e+06"), (123456.0, "123456"), (1e21, "1e+21"), (0.0001, "0.0001"),
        (0.00001, "1e-05"), (-0.0, "-0"), (-1.25e-7, "-1.25e-07"), (inf, "+Inf"), (-inf, "-Inf"),
        (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_a_value_becomes_the_text_that_go_makes_of_it(value: object, text: str) -> None:
    assert text_of(value) == text
