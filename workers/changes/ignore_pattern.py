r"""What one pattern of an ignore file matches, as steps of an automaton.

The builder (moby/patternmatcher 0.6) compares a pattern without wildcards as it stands, one that only begins or ends
with `**` by its end or beginning, and makes a Go regular expression of every other one, without escaping all of what
means something there: beside a wildcard, `a|b` are alternatives and `\d` is any digit. People's files rest on what
really happens, so the same expression is made here and read with Go's grammar (regexp/syntax, Perl flags).

The tables of that grammar and its reader stay in one module, long as it is: neither means anything without the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

_ESCAPED = frozenset(".+()$")  # the builder means to escape `|`, `{` and `}` too, but does not
_LETTERS = (("A", "Z"), ("a", "z"))
_DIGITS = (("0", "9"),)
_OCTAL = frozenset("01234567")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CATEGORIES = frozenset("CLMNPSZ")
_MOST_REPEATED = 1000
_REPETITION = re.compile(r"\{(0|[1-9][0-9]{0,7})(?:(,)(0|[1-9][0-9]{0,7})?)?\}")


@dataclass(frozen=True, slots=True)
class Chars:
    """A set of characters: ranges, further sets, one of Unicode's main categories; or all others."""

    ranges: tuple[tuple[str, str], ...] = ()
    parts: tuple[Chars, ...] = ()
    category: str = ""
    negated: bool = False

    def has(self, char: str) -> bool:
        """Whether a character is in the set."""
        for low, high in self.ranges:
            if low <= char <= high:
                return not self.negated
        for part in self.parts:
            if part.has(char):
                return not self.negated
        found = self.category != "" and unicodedata.category(char)[0] == self.category
        return found != self.negated


ANY = Chars(negated=True)
_NO_SLASH = Chars((("/", "/"),), negated=True)
_NO_NEWLINE = Chars((("\n", "\n"),), negated=True)
WORD = Chars((*_DIGITS, *_LETTERS, ("_", "_")))
_SPACE = Chars((("\t", "\n"), ("\f", "\r"), (" ", " ")))
_PERL = {"d": Chars(_DIGITS), "s": _SPACE, "w": WORD}
_POSIX = {
    "alnum": Chars((*_DIGITS, *_LETTERS)),
    "alpha": Chars(_LETTERS),
    "ascii": Chars((("\0", "\x7f"),)),
    "blank": Chars((("\t", "\t"), (" ", " "))),
    "cntrl": Chars((("\0", "\x1f"), ("\x7f", "\x7f"))),
    "digit": Chars(_DIGITS),
    "graph": Chars((("!", "~"),)),
    "lower": Chars((("a", "z"),)),
    "print": Chars(((" ", "~"),)),
    "punct": Chars((("!", "/"), (":", "@"), ("[", "`"), ("{", "~"))),
    "space": Chars((("\t", "\r"), (" ", " "))),
    "upper": Chars((("A", "Z"),)),
    "word": WORD,
    "xdigit": Chars((*_DIGITS, ("A", "F"), ("a", "f"))),
}


class Place(Enum):
    """What a step asks of the place between two characters."""

    BEGIN = auto()
    END = auto()
    BOUNDARY = auto()
    INSIDE = auto()


@dataclass(frozen=True, slots=True)
class One:
    """A step over one character."""

    chars: Chars


@dataclass(frozen=True, slots=True)
class Maybe:
    """A step over one character or over nothing."""

    chars: Chars


@dataclass(frozen=True, slots=True)
class Many:
    """A step over any number of characters."""

    chars: Chars


@dataclass(frozen=True, slots=True)
class Folders:
    """A step over nothing, or over any number of characters up to and including a slash: `**` before something else."""

    chars: Chars


Step = One | Maybe | Many | Folders | Place
_ANYTHING = Many(ANY)


_FIXED: dict[str, Step] = {
    "(.*/)?": Folders(_NO_NEWLINE),
    ".*": Many(_NO_NEWLINE),
    "^": Place.BEGIN,
    "$": Place.END,
    "\\A": Place.BEGIN,
    "\\z": Place.END,
    "\\b": Place.BOUNDARY,
    "\\B": Place.INSIDE,
}


class NoExpressionError(ValueError):
    """Go refuses the regular expression that a pattern becomes."""


def steps(text: str) -> tuple[tuple[Step, ...], ...]:
    """The ways in which a whole path can match a pattern, each as steps from its beginning to its end.

    Args:
        text: the cleaned pattern.

    Raises:
        NoExpressionError: when the builder fails as soon as it compares anything with the pattern.
    """
    kind, expression = _translated(text)
    if kind is _Kind.EXACT:
        return (_literal(text),)
    if kind is _Kind.PREFIX:
        return ((*_literal(text[:-2]), _ANYTHING),)
    if kind is _Kind.SUFFIX:
        # `**/x` is also x itself.
        alone = (_literal(text[3:]),) if text.startswith("**/") else ()
        return ((_ANYTHING, *_literal(text[2:])), *alone)
    return tuple(map(_whole, _Expression(expression).ways()))


def _whole(way: list[Step]) -> tuple[Step, ...]:
    """An expression is found anywhere in a path, unless it says where."""
    begin = way[1:] if way[:1] == [Place.BEGIN] else [_ANYTHING, *way]
    return tuple(begin[:-1] if begin[-1:] == [Place.END] else [*begin, _ANYTHING])


def _repeated(step: Step, least: int, most: int | None) -> list[Step]:
    if isinstance(step, One):
        rest: list[Step] = [Many(step.chars)] if most is None else [Maybe(step.chars)] * (most - least)
        return [step] * least + rest
    return [step] if least else []


def _literal(text: str) -> tuple[Step, ...]:
    return tuple(One(Chars(((char, char),))) for char in text)


class _Kind(Enum):
    EXACT = auto()
    PREFIX = auto()
    SUFFIX = auto()
    EXPRESSION = auto()


def _translated(text: str) -> tuple[_Kind, str]:
    """How a pattern is compared, and the expression it becomes."""
    kind = _Kind.EXACT
    made = "^"
    chars = text.removeprefix("\ufeff")
    place = 0
    while place < len(chars):
        begin, char = place, chars[place]
        place += 1
        if char == "*" and chars.startswith("*", place):
            place += 2 if chars.startswith("/", place + 1) else 1
            if place < len(chars):
                made += "(.*/)?"
                kind = _Kind.EXPRESSION
            elif kind is _Kind.EXACT:
                kind = _Kind.PREFIX
            else:
                made += ".*"
                kind = _Kind.EXPRESSION
            kind = kind if begin else _Kind.SUFFIX
        elif char in "*?":
            made += "[^/]" + char.replace("?", "")
            kind = _Kind.EXPRESSION
        elif char == "\\":
            made += chars[begin : begin + 2]
            kind = _Kind.EXPRESSION
            place += 1
        elif char in "[]":
            made += char
            kind = _Kind.EXPRESSION
        else:
            made += f"\\{char}" if char in _ESCAPED else char
    return kind, made + "$"


class _Expression:
    """Go's reading of an expression that `_translated` has made: no more of the grammar can occur."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def ways(self) -> Iterator[list[Step]]:
        """The alternatives, in steps."""
        way: list[Step] = []
        while self._place < len(self._text):
            if self._takes("|"):
                yield way
                way = []
            elif repeated := self._repetition():
                if not way:
                    raise NoExpressionError
                way += _repeated(way.pop(), *repeated)
                self._refuse_repetition()
            else:
                way += self._step()
        yield way

    def _step(self) -> Iterable[Step]:
        for text, step in _FIXED.items():
            if self._takes(text):
                if text.endswith("?"):
                    self._refuse_repetition()
                return (step,)
        if self._takes("\\Q"):
            return _literal(self._quoted())
        chars = self._class() if self._takes("[") else self._single()
        if not self._takes("*"):
            return (One(chars),)
        self._refuse_repetition()
        return (Many(chars),)

    def _repetition(self) -> tuple[int, int | None] | None:
        """`{n}`, `{n,}` or `{n,m}`, None standing for no upper bound; anything else in braces is literal."""
        found = _REPETITION.match(self._text, self._place)
        if found is None:
            return None
        self._place = found.end()
        least, comma, most = found.groups()
        lower = int(least)
        upper = int(most) if most else None if comma else lower
        if lower > _MOST_REPEATED or (upper is not None and not lower <= upper <= _MOST_REPEATED):
            raise NoExpressionError
        return lower, upper

    def _refuse_repetition(self) -> None:
        """What is repeated cannot be repeated again."""
        if self._repetition():
            raise NoExpressionError

    def _left(self) -> str:
        return self._text[self._place :]

    def _takes(self, text: str) -> bool:
        found = self._text.startswith(text, self._place)
        self._place += len(text) if found else 0
        return found

    def _next(self) -> str:
        if self._place == len(self._text):
            raise NoExpressionError
        self._place += 1
        return self._text[self._place - 1]

    def _quoted(self) -> str:
        literal, end, _ = self._left().partition("\\E")
        self._place += len(literal) + len(end)
        return literal

    def _single(self) -> Chars:
        if (named := self._named()) is not None:
            return named
        char = self._char()
        return Chars(((char, char),))

    def _class(self) -> Chars:
        negated = self._takes("^")
        ranges: list[tuple[str, str]] = []
        parts: list[Chars] = []
        first = True
        while first or not self._left().startswith("]"):
            first = False
            if (named := self._posix() or self._named()) is not None:
                parts.append(named)
                continue
            low = high = self._char()
            if self._left().startswith("-") and not self._left().startswith("-]"):
                self._next()
                high = self._char()
                if high < low:
                    raise NoExpressionError
            ranges.append((low, high))
        self._next()
        return Chars(tuple(ranges), tuple(parts), negated=negated)

    def _posix(self) -> Chars | None:
        """`[:name:]`, or `[:^name:]` for all others, within a class."""
        name, closed, _ = self._left()[2:].partition(":]")
        if not self._left().startswith("[:") or not closed:
            return None
        if name.removeprefix("^") not in _POSIX:
            raise NoExpressionError
        self._place += len(name) + 4
        return Chars(parts=(_POSIX[name.removeprefix("^")],), negated=name.startswith("^"))

    def _named(self) -> Chars | None:
        r"""`\d`, `\pL` and their like, in capitals for all others."""
        kind = self._left()[1:2].lower()
        if not self._left().startswith("\\") or kind not in {*_PERL, "p"}:
            return None
        self._next()
        negated = self._next().isupper()
        if kind != "p":
            return Chars(parts=(_PERL[kind],), negated=negated)
        if (category := self._next()) not in _CATEGORIES:
            raise NoExpressionError
        return Chars(category=category, negated=negated)

    def _char(self) -> str:
        char = self._next()
        if char != "\\":
            return char
        char = self._next()
        if char == "x":
            return chr(int(self._digits(2, _HEXADECIMAL), 16))
        if char in _OCTAL and (char == "0" or self._left()[:1] in _OCTAL):
            more = 0
            while more < 2 and self._left()[more : more + 1] in _OCTAL:  # noqa: PLR2004 (\0, \01 and \012)
                more += 1
            return chr(int(char + self._digits(more, _OCTAL), 8))
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum() or not char.isascii():
            raise NoExpressionError
        return char

    def _digits(self, count: int, alphabet: frozenset[str]) -> str:
        digits = self._left()[:count]
        if len(digits) < count or not alphabet.issuperset(digits):
            raise NoExpressionError
        self._place += count
        return digits
