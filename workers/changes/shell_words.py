"""Words of a Dockerfile as BuildKit's shell lexer has them (`frontend/dockerfile/shell`): quotes, escapes, variables.

It is not a shell's, and where it differs Tegu goes by it: what a Dockerfile builds on is what the builder reads.
"""

from __future__ import annotations

from collections.abc import Mapping

from workers.changes.limits import MAX_TEMPLATE_DEPTH
from workers.changes.shell_pattern import Budget, replaced, without_prefix, without_suffix
from workers.model.errors import InvalidStack

_BLANK = "\t\r "
_SPECIAL = "@*#?-$!"
_EACH_WORD = 16  # characters that are read in the time that it takes to begin with a word
_OPERATORS = {":", "-", "+", "?", "#", "%"}


class RefusedWordError(Exception):
    """The builder refuses the word: a quote or a brace is open, an operator unknown, or a variable has to be set."""


def expanded(word: str, values: Mapping[str, str], budget: Budget, escape: str = "\\") -> str:
    """A word with its variables put in, without quotes and escapes.

    Args:
        word: the word; blanks in it stay.
        values: of the variables; an unset one is empty.
        budget: for the word and what becomes of them.
        escape: the file's escape character.

    Raises:
        RefusedWordError: as the builder does.
        InvalidStack: variables nest too deep, or the budget does not suffice.
    """
    budget.spend(len(word) + _EACH_WORD)
    return _Lexer(word, values, budget, escape).until("")


def split(text: str, *, raw: bool) -> list[str]:
    """The words of a text, its variables left as they are.

    Args:
        text: what is split.
        raw: whether quotes and escapes are kept.

    Raises:
        RefusedWordError: as the builder does.
        InvalidStack: braces nest too deep.
    """
    lexer = _Lexer(text, None, Budget(), "\\", raw=raw)
    lexer.until("")
    return [*lexer.words, *filter(None, ["".join(lexer.word)])]


class _Lexer:
    """Goes through a text once.

    Args:
        text: the text.
        values: of the variables; `None` leaves them in the text.
        budget: for what becomes of them.
        escape: the escape character.
        raw: whether quotes and escapes are kept.

    Attributes:
        words: those that are complete.
        word: the pieces of the one that is being read.
    """

    def __init__(
        self, text: str, values: Mapping[str, str] | None, budget: Budget, escape: str, *, raw: bool = False
    ) -> None:
        self.words: list[str] = []
        self.word: list[str] = []
        self._text = text
        self._place = 0
        self._values = values
        self._budget = budget
        self._escape = escape
        self._raw_quotes = self._raw_escapes = raw
        self._depth = 0

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _next(self) -> str:
        char = self._peek()
        self._place += 1
        return char

    def until(self, stop: str) -> str:
        """What stands before the next bare `stop`, which is passed over; `""` stands for the end."""
        pieces: list[str] = []
        while (char := self._next()) != stop:
            if not char:
                raise RefusedWordError
            pieces.append(self._piece(char))
        return "".join(pieces)

    def _piece(self, char: str) -> str:
        if char == "$":
            piece = self._variable()
            self._add(piece)
        elif char in "'\"":
            piece = self._quoted(char)
            self.word.append(piece)
        elif char == "<":
            piece = self._beginning_of_heredoc()
            self.word.append(piece)
        elif char == self._escape:
            piece = (char if self._raw_escapes else "") + self._next()
            self.word.append(piece)
        else:
            piece = char
            self._add(piece)
        return piece

    def _add(self, text: str) -> None:
        for char in text:
            if not char.isspace():
                self.word.append(char)
            elif word := "".join(self.word):
                self.words.append(word)
                self.word.clear()

    def _beginning_of_heredoc(self) -> str:
        """`<<` with the blanks behind it, which separate no words."""
        if self._peek() != "<":
            return "<"
        start = self._place - 1
        self._place += 1
        while self._peek() and self._peek() in _BLANK:
            self._place += 1
        return self._text[start : self._place]

    def _quoted(self, quote: str) -> str:
        pieces = []
        while (char := self._next()) != quote:
            if not char:
                raise RefusedWordError
            if quote == '"' and char == "$":
                char = self._variable()
            elif quote == '"' and char == self._escape:
                escaped = self._next() if self._peek() and self._peek() in f'"${self._escape}' else ""
                char = (self._escape if self._raw_escapes else "") + (escaped or char)
            pieces.append(char)
        text = "".join(pieces)
        return f"{quote}{text}{quote}" if self._raw_quotes else text

    def _name(self) -> str:
        start = self._place
        if self._peek().isdecimal():
            while self._peek().isdecimal():
                self._place += 1
        elif self._peek() and self._peek() in _SPECIAL:
            self._place += 1
        else:
            while self._peek().isalpha() or self._peek().isdecimal() or self._peek() == "_":
                self._place += 1
        return self._text[start : self._place]

    def _variable(self) -> str:
        """What stands for `$NAME` or `${NAME…}`, its dollar already read."""
        start = self._place - 1
        if self._peek() != "{":
            name = self._name()
            return self._value(name, self._text[start : self._place]) if name else "$"
        self._place += 1
        name = self._name()
        operator = self._next()
        if operator == "}" and name:
            return self._value(name, self._text[start : self._place])
        if operator == ":" and name:
            operator += self._next()
        if self._depth == MAX_TEMPLATE_DEPTH:
            message = f"variables nest deeper than {MAX_TEMPLATE_DEPTH} levels"
            raise InvalidStack(message)
        self._depth += 1
        value = self._replaced(name, operator) if operator == "/" else self._operated(name, operator)
        self._depth -= 1
        return value

    def _value(self, name: str, written: str) -> str:
        if self._values is None:
            return written
        value = self._values.get(name, "")
        self._budget.spend(len(value))
        return value

    def _operated(self, name: str, operator: str) -> str:
        """`${NAME-word}` and its kind; of what follows a colon in `${NAME:0:7}` only the shell has to know."""
        if operator[:1] not in _OPERATORS or operator in {":", ":#", ":%"}:
            raise RefusedWordError
        word = self._inner("}", raw=operator in {"#", "%"})
        if self._values is None:
            return f"${{{name}{operator}{word}}}"
        value = self._value(name, "")
        is_set = bool(value) if operator[0] == ":" else name in self._values
        match operator[-1]:
            case "#":
                return without_prefix(value, word, self._budget)
            case "%":
                return without_suffix(value, word, self._budget)
            case "+":
                return word if is_set else ""
            case "-":
                return value if is_set else word
            case "?" if is_set:
                return value
        raise RefusedWordError

    def _replaced(self, name: str, operator: str) -> str:
        """`${NAME/pattern/replacement}`, with two slashes for all places."""
        if self._peek() == "/":
            operator += self._next()
        pattern = self._inner("/", raw=True)
        replacement = self._inner("}", raw=True)
        if self._values is None:
            return f"${{{name}/{pattern}/{replacement}}}"
        return replaced(self._value(name, ""), pattern, replacement, self._budget, everywhere=operator == "//")

    def _inner(self, stop: str, *, raw: bool) -> str:
        before = self.words, self._raw_escapes
        self.words, self._raw_escapes = [], raw
        # The builder forgets what stands before the braces in the same word, too.
        self.word.clear()
        text = self.until(stop)
        self.words, self._raw_escapes = before
        self.word.clear()
        return text
