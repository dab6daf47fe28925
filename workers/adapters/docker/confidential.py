"""What Compose says, without what it quotes of env files and of values that come from them.

Compose's errors quote the line of an env file that it cannot read, and the value that stands where another was
expected; its warnings name a variable that may be the second half of a password with a dollar in it. All of that would
get into logs, Redis and notices. What Compose always says in the same words is cut by those words; of what it says of
a whole project, every word that stands in a confidential file and in no Compose file of the repository is masked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.runtime.masking import MASK

_MOST_BYTES = 1 << 20  # of one file; Tegu reads no larger env file either
_WORD = re.compile(r"\w{4,}")  # shorter ones say nothing and are everywhere
_NAME = re.compile(r"(?:export\s+)?[A-Za-z_]\w*\s*[=:]")
_SHORTEST = 4

# The words are those of compose-go's packages dotenv, template and interpolation, as of Compose 2.26, 2.40 and 5.6.
_QUOTES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"unexpected character .*? in variable name .*"), "unexpected character in a variable name"),
    (re.compile(r"unterminated quoted value .*"), "unterminated quoted value"),
    (re.compile(r"variable '.*' contains whitespaces"), "a variable's name contains whitespaces"),
    (re.compile(r"no variable name on line '.*'"), "a line has no variable name"),
    (re.compile(r"([Ii]nvalid template):? .*"), r"\1"),
    (re.compile(r"required variable \S* ?is missing a value.*", re.DOTALL), "a required variable is missing a value"),
    (re.compile(r"(You may need to escape any \$ with another \$)\.?\s.*", re.DOTALL), r"\1"),
)
_UNSET = re.compile(r'The \\?"([^"\\]*)\\?" variable is not set')


def unquoted(text: str, is_public: Callable[[str], bool]) -> str:
    """What Compose says, without what it always quotes in the same words.

    Args:
        text: one line or all.
        is_public: whether a variable's name may be told: it stands in a Compose file.
    """
    for pattern, instead in _QUOTES:
        text = pattern.sub(instead, text)
    return _UNSET.sub(lambda found: found[0] if is_public(found[1]) else "A variable is not set", text)


@dataclass(frozen=True, slots=True)
class Confidential:
    """The texts that are masked in what Compose says of a project.

    Attributes:
        words: masked where they stand as words.
        values: masked wherever they stand, longest first.
    """

    words: frozenset[str]
    values: tuple[str, ...]

    @classmethod
    def of(cls, private: Iterable[str], values: Iterable[str], public: Iterable[str]) -> Confidential:
        """All that private texts say and public ones do not.

        Args:
            private: the contents of env files, and of Compose files that Git lacks.
            values: of variables.
            public: the contents of Compose files in Git, and names and paths that are no secret.
        """
        known = "\n".join(public)
        wanted = {*values, *(part for text in private for part in _parts(text))}
        words = {word for part in wanted for word in _WORD.findall(part)} - set(_WORD.findall(known))
        whole = {part for part in wanted if len(part) >= _SHORTEST and part not in known}
        return cls(frozenset(words), tuple(sorted(whole, key=len, reverse=True)))

    def masked(self, text: str) -> str:
        """The text without them."""
        for value in self.values:
            text = text.replace(value, MASK)
        return _WORD.sub(lambda found: MASK if found[0] in self.words else found[0], text)


def _parts(text: str) -> Iterator[str]:
    """What a file's lines say: without comments, and without the name where a line begins with one."""
    for line in text.splitlines():
        if (said := line.strip()) and not said.startswith("#"):
            name = _NAME.match(said)
            yield (said[name.end() :] if name else said).strip(" \t'\"")


def contents(paths: Iterable[Path]) -> Iterator[str]:
    """The texts of those files that are there."""
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_file():
                with path.open("rb") as file:
                    yield file.read(_MOST_BYTES).decode("utf-8", "replace")
