"""The patterns of `${NAME#pattern}`, `${NAME%pattern}` and `${NAME/pattern/replacement}` in a Dockerfile.

`*` and `?` as in a shell, no brackets, as in BuildKit's `convertShellPatternToRegex`. None of them makes the search run
away: what stands between two stars is looked for at its first place only, or at its last one behind the last star.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workers.changes.limits import MAX_INTERPOLATED
from workers.model.errors import InvalidStack

_TOKEN = re.compile(r"\\(.)|(.)", re.DOTALL)
_STAR = ""
_COMPILING = 64  # characters that are gone through in the time that it takes to compile one


class Budget:
    """How many characters may still be gone through for a file's variables, so that no file keeps Tegu at it."""

    def __init__(self) -> None:
        self._left = MAX_INTERPOLATED

    def spend(self, characters: int) -> None:
        """Take from it.

        Raises:
            InvalidStack: there is not as much left.
        """
        self._left -= characters
        if self._left < 0:
            message = f"more than {MAX_INTERPOLATED} characters are to be gone through for its variables"
            raise InvalidStack(message)

    def spend_on_search(self, value: str, pattern: str) -> None:
        """Take from it what it costs at most to look for a pattern in a value."""
        self.spend((len(value) + _COMPILING) * (len(pattern) + 1))


def without_prefix(value: str, pattern: str, budget: Budget) -> str:
    """The value without the shortest beginning that matches; the longest, where the pattern begins with another `#`."""
    longest = pattern.startswith("#")
    budget.spend_on_search(value, pattern)
    found = re.match(_beginning(_tokens(pattern[longest:]), longest=longest), value)
    return value[found.end() :] if found else value


def without_suffix(value: str, pattern: str, budget: Budget) -> str:
    """The value without the shortest end that matches; the longest, where the pattern begins with another `%`."""
    longest = pattern.startswith("%")
    budget.spend_on_search(value, pattern)
    found = re.match(_beginning(_tokens(pattern[longest:])[::-1], longest=longest), value[::-1])
    return value[: len(value) - found.end()] if found else value


def replaced(value: str, pattern: str, replacement: str, budget: Budget, *, everywhere: bool) -> str:
    """The value with the replacement for its first longest match, or for all of them."""
    tokens = _tokens(pattern)
    budget.spend_on_search(value, pattern)
    # A star ends with its line; so the first place of what stands before it is enough in each line, not in the value.
    place = re.compile(rf"((?:.*\n)*?(?>.*?(?={_runs(tokens)[0]}))){_beginning(tokens, longest=True)}")
    pieces: list[str] = []
    start, ended = 0, -1
    while start <= len(value) and (found := place.match(value, start)):
        budget.spend(len(found[1]) + len(replacement))
        # An empty match right behind another one is none.
        pieces += (found[1], replacement if found.end() > ended else "")
        start = ended = found.end()
        if start == found.end(1):
            pieces.append(value[start : start + 1])
            start += 1
        if not everywhere:
            break
    return "".join((*pieces, value[start:]))


def _tokens(pattern: str) -> list[str]:
    """A pattern's characters as regular expressions, `_STAR` for `*`; behind a backslash one stands for itself."""
    return [
        re.escape(escaped or char) if escaped or char not in "*?" else {"*": _STAR, "?": "."}[char]
        for escaped, char in _TOKEN.findall(pattern)
    ]


def _runs(tokens: Sequence[str]) -> list[str]:
    """What stands before, between and after the stars."""
    runs = [""]
    for token in tokens:
        if token == _STAR:
            runs.append("")
        else:
            runs[-1] += token
    return runs


def _beginning(tokens: Sequence[str], *, longest: bool) -> str:
    """The regular expression for the beginning of a text."""
    first, *more = _runs(tokens)
    if not more:
        return first
    *between, last = more
    return "".join((first, *(f"(?>.*?{run})" for run in between), f".*{last}" if longest else f".*?{last}"))
