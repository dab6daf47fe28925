"""Which patterns an ignore file holds, read as the builder reads it.

The rules are those of `ignorefile.ReadAll` and `patternmatcher.New` in moby/patternmatcher 0.6, which BuildKit
(`frontend/dockerui`) and Docker's own client use one after the other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.changes.limits import MAX_IGNORE_PATTERNS

_LONGEST_LINE = 65535  # bytes; Go's line scanner gives up above that
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What Unicode calls white space, and no more: Python's own `strip` takes four control characters besides.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
# Patterns travel to the client as JSON, in which a byte that is no UTF-8 becomes this.
_NO_UTF_8 = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: cleaned, without the `!` that makes it an exception, and the line it was read from."""

    text: str
    exception: bool = False
    line: int = 0


class BadPatternError(ValueError):
    """The builder refuses an ignore file.

    Args:
        line: where, counted from 1.
        problem: what is wrong, in words that follow "line 3: ".
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem


def read_patterns(content: bytes) -> tuple[Pattern, ...]:
    """The patterns of an ignore file, in order.

    Args:
        content: the file's bytes.

    Raises:
        BadPatternError: for a pattern that the builder refuses, a line that is too long for it, and too many patterns.
    """
    patterns = tuple(_patterns(content))
    if len(patterns) > MAX_IGNORE_PATTERNS:
        last = patterns[MAX_IGNORE_PATTERNS]
        raise BadPatternError(last.line, f"more than {MAX_IGNORE_PATTERNS} patterns")
    return patterns


def _patterns(content: bytes) -> Iterator[Pattern]:
    for number, line in enumerate(content.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        if len(line) > _LONGEST_LINE:
            raise BadPatternError(number, f"more than {_LONGEST_LINE} bytes, which the builder does not read")
        if line.startswith(b"#"):
            continue
        text = line.decode("utf-8", "surrogateescape").translate(_NO_UTF_8)
        if (found := _cleaned(text.strip(_SPACE))) in {"", "!"}:
            if found:
                raise BadPatternError(number, "'!' alone is no exception; name what it brings back")
            continue
        pattern = Pattern(found.removeprefix("!"), found.startswith("!"), number)
        if is_refused(pattern.text):
            raise BadPatternError(number, f"the pattern {found!r} is malformed: the builder refuses it")
        yield pattern


def _cleaned(text: str) -> str:
    """A line's pattern, its path made shortest: once for the reader and then again, `!` and all, for the matcher."""
    if not text:
        return ""
    mark = "!" if text.startswith("!") else ""
    if path := text.removeprefix(mark).strip(_SPACE):
        path = _clean(path)
        path = path[1:] if len(path) > 1 and path.startswith("/") else path
    again = (mark + path).strip(_SPACE)
    return _clean(again) if again else ""


def _clean(path: str) -> str:
    """Go's `filepath.Clean`; unlike Python's it keeps no second leading slash."""
    return posixpath.normpath("/" + path.lstrip("/") if path.startswith("/") else path)


def is_refused(pattern: str) -> bool:
    """Whether the matcher refuses a pattern outright: where Go's `filepath.Match` finds it malformed for the name `.`.

    That reads it in parts, from star to star, and no further than the name goes. What is malformed behind that shows
    when a path is compared (`ignore_pattern.NoExpressionError`), or never.
    """
    name_is_left = True
    while pattern:
        pattern = pattern.lstrip("*")
        end = _end_of_part(pattern)
        part, pattern = pattern[:end], pattern[end:]
        if not _is_well_formed(part):
            return True
        if not (name_is_left and _is_one_dot(part)):
            return False
        name_is_left = False
    return False


def _end_of_part(pattern: str) -> int:
    """Where the next star stands that is outside of brackets."""
    bracket = False
    place = 0
    while place < len(pattern) and (bracket or pattern[place] != "*"):
        if pattern[place] in "[]":
            bracket = pattern[place] == "["
        place += 2 if pattern[place] == "\\" else 1
    return place


def _is_well_formed(part: str) -> bool:
    place = 0
    while place < len(part):
        letter = part[place]
        place += 1
        if letter == "\\":
            if place == len(part):
                return False
            place += 1
        elif letter == "[" and (place := _end_of_class(part, place)) < 0:
            return False
    return True


def _end_of_class(part: str, place: int) -> int:
    """Just behind the `]` that closes a class, whose first character stands at `place`; negative: it is malformed."""
    place += part.startswith("^", place)
    first = True
    while first or not part.startswith("]", place):
        place = _end_of_member(part, place)
        if place >= 0 and part.startswith("-", place):
            place = _end_of_member(part, place + 1)
        if place < 0:
            return -1
        first = False
    return place + 1


def _end_of_member(part: str, place: int) -> int:
    """Just behind one character of a class; negative: there is none. What has to follow is for the caller to see."""
    if part[place : place + 1] in {"", "-", "]"}:
        return -1
    return place + 1 + (part[place] == "\\")


def _is_one_dot(part: str) -> bool:
    """Whether a well-formed part is one character that can be a dot."""
    if part in {".", "?", "\\."}:
        return True
    if not part.startswith("[") or _end_of_class(part, 1) != len(part):
        return False
    negated = part.startswith("[^")
    members = re.findall(r"\\?(.)(?:-\\?(.))?", part[1 + negated : -1])
    return any(low <= "." <= (high or low) for low, high in members) != negated
