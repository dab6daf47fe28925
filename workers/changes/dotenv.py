"""Compose's env files: `.env`, `env_file`, `label_file`, and the raw format of `env_file`.

Compose's own reader decides what these mean, in every corner: a key may be written `KEY=value`, `KEY: value` or, to
inherit it, `KEY`; single quotes keep a text as it is, double quotes and no quotes expand `${…}`; values in quotes
may span lines. Where no standard says so, the reference implementation was asked.

These files hold secrets, and a line that cannot be read may be a part of one. So errors, and what is told of variables
without a value, name file and line and nothing that stands there.
"""

from __future__ import annotations

import re

from workers.changes import limits
from workers.changes.ciphertext import refuse_ciphertext
from workers.changes.interpolation import Lookup, Noted, interpolate
from workers.model.errors import InvalidStack

_BOM = b"\xef\xbb\xbf"
_BLANKS = "\t\v\f\r \x85\xa0"
_SPACES = _BLANKS + "\n\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_EXPORT = re.compile(r"export[\t\n\f\r ]+")
_ESCAPE = re.compile(r"\\(?:[abcfnrtv$\"\\]|0[0-9]{0,3})", re.ASCII)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]++|\\.)*+){quote}", re.DOTALL) for quote in "'\""}
_OCTAL = re.compile(r"[0-3][0-7]{2}")


def parse(content: bytes, file: str, lookup: Lookup, unset: Noted | None = None) -> dict[str, str]:
    """The variables of an env file. A key without a value that `lookup` does not know is left out.

    Args:
        content: the file.
        file: its name in messages.
        lookup: what wins over the file's own earlier variables where it uses some.
        unset: told the place, `FILE:LINE`, of every value that uses a variable without having one.

    Raises:
        InvalidStack: a line cannot be read, a quote is not closed, a template is not valid.
    """
    return _Parser(_text(content, file), file, lookup, unset).parsed()


def parse_raw(content: bytes, file: str, lookup: Lookup) -> dict[str, str]:
    """The variables of an env file with `format: raw`, the format of `docker run --env-file`.

    Raises:
        InvalidStack: a line has no key, or one with a space in it, or the file is no UTF-8.
    """
    variables: dict[str, str] = {}
    try:
        lines = _limited(content, file).removeprefix(_BOM).decode().split("\n")
    except UnicodeDecodeError as error:
        message = "the file is not UTF-8"
        raise InvalidStack(message, file, content[: error.start].count(b"\n") + 1) from error
    for number, text in enumerate(lines, 1):
        line = text.removesuffix("\r").lstrip(_SPACES)
        if not line or line.startswith("#"):
            continue
        key, has_value, value = line.partition("=")
        if not key or " " in key or "\t" in key:
            message = "a variable needs a name, and one without spaces"
            raise InvalidStack(message, file, number)
        found = value if has_value else lookup(key)
        if found is not None:
            variables[key] = found
    return variables


def _limited(content: bytes, file: str) -> bytes:
    if len(content) > limits.MAX_ENV_FILE_BYTES:
        message = f"the file has {len(content)} bytes; an env file may have {limits.MAX_ENV_FILE_BYTES}"
        raise InvalidStack(message, file)
    refuse_ciphertext(content, file)
    return content


def _text(content: bytes, file: str) -> str:
    return _limited(content, file).removeprefix(_BOM).decode("utf-8", "surrogateescape")


class _Parser:
    """One pass over an env file; `place` is how far it has come."""

    def __init__(self, text: str, file: str, lookup: Lookup, unset: Noted | None) -> None:
        self.text = text
        self.file = file
        self.lookup = lookup
        self.unset = unset
        self.place = 0
        self.variables: dict[str, str] = {}

    def parsed(self) -> dict[str, str]:
        while self.found_statement():
            key, has_value = self.key()
            if has_value:
                self.variables[key] = self.value()
            elif (value := self.lookup(key)) is not None:
                self.variables[key] = value
        return self.variables

    def fail(self, message: str, place: int) -> InvalidStack:
        return InvalidStack(message, self.file, self.line(place))

    def line(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1

    def skip(self, characters: str) -> None:
        while self.place < len(self.text) and self.text[self.place] in characters:
            self.place += 1

    def found_statement(self) -> bool:
        """Go to the next statement, past blank lines and comments; False at the end of the file."""
        self.skip(_SPACES)
        while self.text.startswith("#", self.place):
            self.place = self.line_end()
            self.skip(_SPACES)
        return self.place < len(self.text)

    def line_end(self) -> int:
        end = self.text.find("\n", self.place)
        return len(self.text) if end < 0 else end

    def key(self) -> tuple[str, bool]:
        """The key, and whether a value follows. At the file's end a text without `=` is the value of no key."""
        if _EXPORT.match(self.text, self.place):
            self.place += len("export")
            self.skip(_BLANKS)
        start = self.place
        for place in range(start, len(self.text)):
            character = self.text[place]
            if character in "=:\n":
                key = self.text[start:place].rstrip(_SPACES)
                if " " in key:
                    message = "the variable's name has a space in it; a line is NAME=value"
                    raise self.fail(message, start)
                self.place = place + 1
                self.skip(_BLANKS)
                return key, character != "\n"
            if not (character in "_.-[]" or character in _BLANKS or character.isalpha() or character.isnumeric()):
                message = "the variable's name has a character that none may have; a line is NAME=value"
                raise self.fail(message, place)
        if start == len(self.text):
            message = "there is no variable after export"
            raise self.fail(message, start)
        return "", True

    def value(self) -> str:
        if self.text.startswith(("'", '"'), self.place):
            return self.quoted(self.text[self.place])
        start, end = self.place, self.line_end()
        self.place = min(end + 1, len(self.text))
        return self.expanded(self.text[start:end].partition(" #")[0].rstrip(_SPACES), start)

    def quoted(self, quote: str) -> str:
        """A value in quotes, which may span lines; only a backslash keeps a quote from closing it."""
        start = self.place
        found = _QUOTED[quote].match(self.text, start)
        if not found:
            message = "the quote that begins here is not closed"
            raise self.fail(message, start)
        self.place = found.end()
        value = _PAIR.sub(lambda pair: quote if pair[1] == quote else pair[0], found[1])
        return value if quote == "'" else self.expanded(_ESCAPE.sub(_unescaped, value), start)

    def expanded(self, value: str, place: int) -> str:
        def note_unset(_: str) -> None:
            if self.unset:
                self.unset(f"{self.file}:{self.line(place)}")

        try:
            return interpolate(value, self.known, unset=note_unset, quoting=False)
        except InvalidStack as error:
            raise self.fail(error.message, place) from error

    def known(self, name: str) -> str | None:
        value = self.lookup(name)
        return self.variables.get(name) if value is None else value


def _unescaped(found: re.Match[str]) -> str:
    """What an escape in double quotes stands for; one that means nothing stays, an octal one without its zero."""
    escape = found[0][1:]
    if escape == "$":
        return "$$"
    if not escape.startswith("0"):
        return _ESCAPED.get(escape, found[0])
    digits = escape[1:]
    return chr(int(digits, 8)) if _OCTAL.fullmatch(digits) else "\\" + digits
