"""Compose's `${…}`: the same text in, the same text out as `docker compose config`.

The rules are those of the Compose specification's chapter on interpolation and of the habits of its reference
implementation: `$$` is a dollar, names are ASCII, operators are `:-`, `-`, `:?`, `?`, `:+` and `+`, a default may hold
further variables, which are looked at where it is needed, and keys are never interpolated. Compose up to 2.40 looks at
them in any case, and refuses some texts that are read here; where it is installed, it says so itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from workers.changes import limits
from workers.changes.yaml_file import Model, Path, YamlDocument
from workers.model.errors import InvalidStack

Lookup = Callable[[str], str | None]
Noted = Callable[[str], None]

_LETTER = "_a-zA-Z\u017f\u212a"  # Go folds these two to `s` and `k`
_NAME = rf"[{_LETTER}][{_LETTER}0-9]*"
_VARIABLE = re.compile(rf"\$(?:(\$)|({_NAME})|\{{(?:({_NAME})(?:\}}|(:?[-+?])))?)")
_BRACE = re.compile(r"\{.?|\}", re.DOTALL)  # what follows an opening brace directly is not looked at


def interpolate(
    text: str,
    lookup: Lookup,
    used: Noted | None = None,
    unset: Noted | None = None,
    *,
    quoting: bool = True,
    _depth: int = 0,
) -> str:
    """The text with its variables put in.

    Args:
        text: a value of a Compose file or an env file.
        lookup: the value of a variable; None when it is not set.
        used: told every name that is looked up.
        unset: told every name that has no value where Compose puts in an empty text and warns.
        quoting: whether an error may say which variable is required and why, as the text has it; values never show.

    Raises:
        InvalidStack: the text is no valid template, a required variable is missing, or the result is too long.
    """
    if "$" not in text:
        return text
    _refuse_depth(_depth)
    pieces: list[str] = []
    length = start = line_end = 0
    while found := _VARIABLE.search(text, start):
        escaped, plain, braced, operator = found.groups()
        name, end = plain or braced, found.end()
        if escaped:
            value = "$"
        elif not name:
            raise _invalid()
        elif operator is None:
            value = _value(name, lookup, used, unset) or ""
        else:
            if end > line_end:
                line_end = text.find("\n", end) % (len(text) + 1)  # without one, the end of the text
            closing = _closing_brace(text, found, line_end)
            written = text[end:closing]
            known = _value(name, lookup, used)
            if _calls_for_operand(operator, known):
                _refuse_required(name, operator, written if quoting else None)
                known = interpolate(written, lookup, used, unset, quoting=quoting, _depth=_depth + 1)
            value, end = known or "", closing + 1
        pieces += (text[start : found.start()], value)
        start = end
        length += len(pieces[-2]) + len(value)
        if length > limits.MAX_INTERPOLATED:
            message = f"a value becomes longer than {limits.MAX_INTERPOLATED} characters with its variables put in"
            raise InvalidStack(message)
    return "".join((*pieces, text[start:]))


def interpolate_tree(value: Any, lookup: Lookup, used: Noted | None = None, unset: Noted | None = None) -> Any:  # noqa: ANN401
    """A copy of a parsed value with variables put into every text that is not a key.

    Raises:
        InvalidStack: as `interpolate`, naming the path in the value.
    """

    def fail(message: str, path: Path) -> InvalidStack:
        return InvalidStack(f"{'.'.join(map(str, path))}: {message}" if path else message)

    return _Tree(lookup, used, unset, fail).interpolated(value, ())


def interpolate_part(
    document: YamlDocument, part: int, lookup: Lookup, used: Noted | None = None, unset: Noted | None = None
) -> Model:
    """A part of a Compose file with its variables put in; errors name file and line."""

    def fail(message: str, path: Path) -> InvalidStack:
        return document.error(f"{'.'.join(map(str, path))}: {message}", path, part)

    tree = _Tree(lookup, used, unset, fail)
    return {key: tree.interpolated(value, (key,)) for key, value in document.parts[part].model.items()}


def truth(value: object) -> bool:
    """What Compose makes of a value where it wants a boolean; variables give texts there.

    Raises:
        InvalidStack: it is neither.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "y", "yes", "on"}:
        return True
    if isinstance(value, str) and value.lower() in {"false", "n", "no", "off"}:
        return False
    message = "this is neither true nor false"
    raise InvalidStack(message)


class _Tree:
    """One walk over a parsed value."""

    def __init__(
        self, lookup: Lookup, used: Noted | None, unset: Noted | None, fail: Callable[[str, Path], InvalidStack]
    ) -> None:
        self.lookup = lookup
        self.used = used
        self.unset = unset
        self.fail = fail
        self.length = 0

    def interpolated(self, value: object, path: Path) -> object:
        if isinstance(value, str):
            return self.text(value, path) if "$" in value else value
        if isinstance(value, dict):
            return {key: self.interpolated(child, (*path, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.interpolated(child, (*path, place)) for place, child in enumerate(value)]
        return value

    def text(self, value: str, path: Path) -> str:
        try:
            text = interpolate(value, self.lookup, self.used, self.unset)
        except InvalidStack as error:
            raise self.fail(error.message, path) from error
        self.length += len(text)
        if self.length > limits.MAX_TEXT:
            message = f"the file becomes longer than {limits.MAX_TEXT} characters with its variables put in"
            raise self.fail(message, path)
        return text


def _invalid() -> InvalidStack:
    return InvalidStack("invalid template; write $$ for a dollar")


def _refuse_depth(depth: int) -> None:
    if depth > limits.MAX_TEMPLATE_DEPTH:
        message = f"variables nest deeper than {limits.MAX_TEMPLATE_DEPTH} levels"
        raise InvalidStack(message)


def _refuse_required(name: str, operator: str, why: str | None) -> None:
    """Refuse a required variable that has no value; without `why`, nothing is quoted."""
    if operator[-1] != "?":
        return
    if why is None:
        message = "a required variable is missing a value"
    else:
        message = f"the required variable {name} is missing a value" + (f": {why}" if why else "")
    raise InvalidStack(message)


def _closing_brace(text: str, found: re.Match[str], line_end: int) -> int:
    """Where the variable's closing brace is: the balancing one, without one the last, and on the same line."""
    opened = 0
    for brace in _BRACE.finditer(text, found.start(), line_end):
        opened += -1 if brace[0] == "}" else 1
        if opened == 0:
            return brace.start()
    last = text.rfind("}", found.end(), line_end)
    if last < 0:
        raise _invalid()
    return last


def _value(name: str, lookup: Lookup, used: Noted | None, unset: Noted | None = None) -> str | None:
    if used:
        used(name)
    value = lookup(name)
    if value is None and unset:
        unset(name)
    return value


def _calls_for_operand(operator: str, value: str | None) -> bool:
    """Whether what stands after the operator counts; with a colon, empty counts as unset."""
    present = bool(value) if operator[0] == ":" else value is not None
    return present == (operator[-1] == "+")
