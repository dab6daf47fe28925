"""What an unquoted YAML scalar means to Compose: the resolution of Go's yaml.v3."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import inf, isinf, isnan, nan

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INT = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_POINTED = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]|( ))([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]+))?(?(4)|(?:(Z)|([-+])([0-9]{2}):([0-9]{2}))))?"
)
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1

Scalar = str | int | float | bool | None


class NegativeZero(float):
    """`-0`: a 0 to releases of Compose before 5, and written `-0` by newer ones; so its text is neither."""

    __slots__ = ()


class Moment(str):
    """A date as Compose writes it out where it takes one for a text; no text where it wants one."""

    __slots__ = ()


def resolve(text: str, tag: str | None = None) -> Scalar:
    """The value of an unquoted scalar, or of one with a standard tag.

    Args:
        text: the scalar as it is written.
        tag: `int`, `str`, … of YAML's own tags; None to go by the text.

    Raises:
        ValueError: the text cannot be what the tag says.
    """
    if tag == "str":
        return text
    if tag == "binary":
        return _binary(text)
    value = _plain(text)
    if tag is None or tag == "timestamp" or _name(value) == tag:
        return value
    if tag == "float" and _name(value) == "int":
        return value if isinstance(value, NegativeZero) else float(value or 0)
    if tag in {"int", "float", "bool", "null"}:
        message = f"what is tagged !!{tag} is none"
        raise ValueError(message)
    return text


def _plain(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if text == "-0":
        return NegativeZero(-0.0)
    if text[0] == ".":
        # Go reads it as a literal of its own, in which a `_` stands between two digits or nowhere.
        return float(text) if _POINTED.fullmatch(text) and not isinf(float(text)) else text
    digits = text.replace("_", "")
    number = _integer(digits)
    if number is None and _FLOAT.fullmatch(digits) and not isinf(float(digits)):
        return float(digits)
    return _moment(text) if number is None else number


def _integer(digits: str) -> int | None:
    found = _INT.fullmatch(digits)
    if not found:
        return None
    sign, *parts = found.groups()
    base, part = next((base, part) for base, part in zip(_BASES, parts, strict=True) if part is not None)
    number = int(sign + part, base) if len(part) <= _LONGEST else _LARGEST + 1
    return number if _SMALLEST <= number <= _LARGEST else None


def _moment(text: str) -> str:
    """A date in Go's notation, in UTC unless it says another zone; any other text as it is."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return text
    year, month, day, _, hour, minute, second, fraction, _, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        zone = timezone(offset) if offset else UTC
        day_of = datetime(int(year), int(month), int(day), tzinfo=zone)
        time = day_of.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    except ValueError:
        return text
    parts = (fraction or "")[:9].rstrip("0")
    shown = f"{time:%z}"
    return Moment(f"{year}-{time:%m-%d %H:%M:%S}{'.' if parts else ''}{parts} {shown} {shown if offset else 'UTC'}")


_LONGEST = 128
"""Digits beyond which no number can fit in 64 bits, leading zeros aside."""


def _name(value: Scalar) -> str:
    names = {bool: "bool", int: "int", NegativeZero: "int", float: "float", str: "str", Moment: "timestamp"}
    return "null" if value is None else names[type(value)]


def _binary(text: str) -> str:
    """A `!!binary` value; Compose keeps the bytes as a text."""
    return b64decode("".join(text.split()), validate=True).decode("utf-8", "surrogateescape")


def text_of(value: object) -> str:
    """A value as the text that Compose makes of it in `environment`, `labels` and `args`: Go's own notation."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, NegativeZero):
        return "0 or -0"
    if isinstance(value, float):
        return _float_text(value)
    return "<nil>" if value is None else str(value)


def _float_text(value: float) -> str:
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if isnan(value):
        return "NaN"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) - 1 + int(exponent)
    if _GO_SMALL <= power < _GO_LARGE:
        return f"{Decimal(repr(value)).normalize():f}"
    tail = "".join(map(str, digits[1:]))
    return f"{'-' if sign else ''}{digits[0]}{'.' if tail else ''}{tail}e{'-' if power < 0 else '+'}{abs(power):02}"


_GO_SMALL, _GO_LARGE = -4, 6
"""The powers of ten between which Go writes a float without an exponent."""
