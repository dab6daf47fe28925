"""What Compose makes of a value by the type that its model has for the attribute, so that two spellings are one.

Docker Compose decides by a digest of its own model (`ServiceHash` of docker/compose) whether a container is made anew.
That model is typed: `1m` and `60s` are one duration, `0.50` and `.5` one number, an empty list is none at all. A kind
takes a value as it was written, variables put in, to something that is equal exactly where Compose's own is. What
stands for nothing comes out falsy and is left out. A value that no rule here can read stays as it is written: then
another spelling counts as another value, which is never too little.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

from workers.changes.interpolation import truth
from workers.changes.scalar import text_of
from workers.model.errors import InvalidStack

Kind = Callable[[Any], object]

_NUMBER = re.compile(r"[-+]?[0-9]+")
_WORD = re.compile(r"""(?:[^\s'"\\`()&;|<>]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_BLANKS = " \t\r\n"
_OPERATORS = ";&|<>"
_QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|(\\.)""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t"}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:([kmgtp])i?)?b?", re.IGNORECASE)
_UNITS = "kmgtp"
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"\+?(?:{_DURATION_PART.pattern})+")
_NANOSECONDS = {
    **dict.fromkeys(("us", "µs"), 10**3),
    "ns": 1,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86_400 * 10**9,
    "w": 7 * 86_400 * 10**9,
}


def text(value: object) -> object:
    """A text; a number or a date is written out."""
    return None if value is None else value if isinstance(value, list | dict) else text_of(value)


def flag(value: object) -> object:
    """True or false, `yes` and the like included, where a variable gave a text."""
    try:
        return value is not None and truth(value)
    except InvalidStack:
        return value


def whole(value: object) -> object:
    """A whole number, also as a text or as `3.0`."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def single(value: object) -> object:
    """A number of single precision, as all of Compose's fractions are."""
    try:
        return struct.unpack("f", struct.pack("f", float(value)))[0]  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return value


def size(value: object) -> object:
    """A number of bytes: `512m`, `1.5gb`, `1024`."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return whole(value)
    power = _UNITS.index(found[2].lower()) + 1 if found[2] else 0
    return int(float(found[1]) * 1024**power)


def duration(value: object) -> object:
    """A duration in nanoseconds: `1m30s`, `90s`."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        return value
    return round(sum(float(number) * _NANOSECONDS[unit] for number, unit in _DURATION_PART.findall(value)))


def octal(value: object) -> object:
    """A file's mode: a text is octal, too."""
    return int(value, 8) if isinstance(value, str) and re.fullmatch("[0-7]+", value) else value


def command(value: object) -> object:
    """A list of words, also where it was written as one text, which Compose parts by blanks and quotes.

    It ends at the first `;`, `&`, `|`, `<` or `>` outside quotes: no shell runs it. A text with other signs of a shell
    in it stays as it is.
    """
    if not isinstance(value, str):
        return value
    words, end = [], 0
    for word in _WORD.finditer(value):
        if not value[end : word.start()].strip(_BLANKS):
            words.append(word[0])
            end = word.end()
    rest = value[end:].lstrip(_BLANKS)
    if rest and rest[0] not in _OPERATORS:
        return value
    if value[end:].startswith(">") and words and words[-1][0].isdigit():
        words.pop()  # the number of what is redirected
    return [_QUOTED.sub(_unquoted, word) for word in words]


def _unquoted(quoted: re.Match[str]) -> str:
    if quoted[1] is not None:
        return quoted[1]
    return _ESCAPED.sub(lambda escaped: _CONTROLS.get(escaped[1], escaped[1]), quoted[2] or quoted[3] or "")


def texts(value: object) -> object:
    """A list of texts, or the one text in it."""
    if isinstance(value, str):
        return [value]
    return [text(item) for item in value] if isinstance(value, list) else value


def options(value: object) -> object:
    """A mapping to texts; what has no value has an empty one, as labels have."""
    if isinstance(value, Mapping):
        return {key: "" if child is None else text(child) for key, child in value.items()}
    if not isinstance(value, list):
        return value
    pairs = (text_of(item).partition("=") for item in value)
    return {key: child for key, _, child in pairs}


def listed(kind: Kind) -> Kind:
    """A list of one kind."""
    return lambda value: [kind(item) for item in value] if isinstance(value, list) else value


def mapped(kind: Kind) -> Kind:
    """A mapping from names to one kind."""
    return lambda value: {key: kind(child) for key, child in value.items()} if isinstance(value, Mapping) else value


def pointer(kind: Kind) -> Kind:
    """A value that counts also when it stands for nothing, so long as it is written."""
    return lambda value: None if value is None else [kind(value)]


def default(kind: Kind, otherwise: object) -> Kind:
    """A value that may be left out."""
    return lambda value: kind(otherwise if value is None else value)


def record(kinds: Mapping[str, Kind], ignored: frozenset[str] = frozenset()) -> Kind:
    """A mapping with the attributes that Compose knows. Any other one counts as it is written, but not extensions.

    Args:
        kinds: the attributes.
        ignored: those that say nothing.
    """

    def view(value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        known = {key: kind(value.get(key)) for key, kind in kinds.items()}
        other = {
            key: child
            for key, child in value.items()
            if key not in kinds and key not in ignored and not key.startswith("x-")
        }
        return {key: child for key, child in (known | other).items() if not _says_nothing(child)}

    return view


def _says_nothing(value: object) -> bool:
    return value is None or value is False or value in (0, "", [], {})
