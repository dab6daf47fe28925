"""The instructions of a Dockerfile, as BuildKit's parser tells them apart (`frontend/dockerfile/parser`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.changes.heredoc import Ends

_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S.*)", re.IGNORECASE)
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_CONTINUED = r"(.*[^%s]|)%s[ \t]*"
_WORD = r"""(?:%s.|'[^']*(?:'|\Z)|"(?:%s.|[^"%s])*(?:"|\Z)|[^\s'"%s])+"""
_WITH_HEREDOCS = {"ADD", "COPY", "RUN"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        keyword: its name in upper case.
        flags: what begins with two dashes before everything else, without quotes and escapes.
        rest: what stands behind them.
        escape: the file's escape character.
    """

    keyword: str
    flags: tuple[str, ...]
    rest: str
    escape: str

    @property
    def arguments(self) -> list[str]:
        """What blanks separate, whatever is quoted."""
        return _BLANKS.split(self.rest)

    @property
    def words(self) -> list[str]:
        """What blanks separate that are not quoted; quotes and escapes are kept."""
        return re.findall(_WORD.replace("%s", re.escape(self.escape)), self.rest, re.DOTALL)

    @property
    def triggered(self) -> Instruction:
        """The instruction in an `ONBUILD`."""
        return _instruction(self.rest, self.escape)

    def values(self, flag: str) -> Iterator[str]:
        """What a flag is given, each time.

        Args:
            flag: its name, without dashes.
        """
        for given in self.flags:
            name, equals, value = given.partition("=")
            if equals and name == f"--{flag}":
                yield value


def instructions(content: str) -> Iterator[Instruction]:
    """Every instruction: lines joined; comments, empty lines and here-documents left out.

    Args:
        content: the Dockerfile.

    Raises:
        InvalidStack: variables nest too deep in one with here-documents.
    """
    lines = [line.rstrip("\r") for line in content.removeprefix("\ufeff").split("\n")]
    escape = _escape_character(lines)
    continued = re.compile(_CONTINUED.replace("%s", re.escape(escape)))
    ends = Ends(lines)
    place = 0
    waiting = ""
    while place < len(lines):
        line = lines[place]
        place += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if found := continued.fullmatch(line):
            waiting += found[1]
            continue
        text = waiting + line
        waiting = ""
        instruction = _instruction(text, escape)
        inner = instruction.triggered if instruction.keyword == "ONBUILD" else instruction
        if inner.keyword in _WITH_HEREDOCS:
            place = ends.after(text, place)
        yield instruction
    if waiting.strip():
        yield _instruction(waiting, escape)


def _escape_character(lines: list[str]) -> str:
    """What the directive `# escape=` says; directives stand before everything else, a comment among it."""
    for line in lines:
        found = _DIRECTIVE.fullmatch(line.strip())
        if found is None:
            break
        if found[1].lower() == "escape" and found[2] == "`":
            return "`"
    return "\\"


def _instruction(text: str, escape: str) -> Instruction:
    keyword, rest = [*_BLANKS.split(text.strip(), maxsplit=1), ""][:2]
    flags, rest = _flags(rest, escape)
    return Instruction(keyword.upper(), flags, rest.strip(), escape)


def _flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The flags that a text begins with, and what is behind them; two dashes alone end them."""
    flags = []
    place = _after_blanks(text, 0)
    while text.startswith("--", place):
        flag, place = _flag(text, place, escape)
        if flag == "--":
            break
        flags.append(flag)
        place = _after_blanks(text, place)
    return tuple(flags), text[place:]


def _flag(text: str, place: int, escape: str) -> tuple[str, int]:
    """A flag without quotes and escapes, and where it ends; an escape counts in quotes of both kinds."""
    pieces = []
    quote = ""
    while place < len(text) and (quote or not text[place].isspace()):
        char = text[place]
        if char == escape:
            place += 1
            pieces.append(text[place : place + 1])
        elif char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote = char
        else:
            pieces.append(char)
        place += 1
    return "".join(pieces), place


def _after_blanks(text: str, place: int) -> int:
    while text[place : place + 1].isspace():
        place += 1
    return place
