"""Messages about a Compose file that Git lacks quote nothing of it: it may be kept out of Git for a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from workers.changes.trace import Content
from workers.model.errors import InvalidStack

_QUOTES = (
    (re.compile(r"the key .* is already defined", re.DOTALL), "a key is already defined"),
    (re.compile(r"the alias \*.* has no anchor", re.DOTALL), "an alias has no anchor"),
    (re.compile(r"the required variable .* is missing a value.*", re.DOTALL), "a required variable is missing a value"),
)


@contextmanager
def unquoting(content: Content) -> Iterator[None]:
    """Quote nothing of a file in what is wrong with it, if Git lacks the file; its name and the line stay.

    Raises:
        InvalidStack: as the block raises it.
    """
    try:
        yield
    except InvalidStack as error:
        if not content.inputs:
            raise
        message = error.message
        for pattern, instead in _QUOTES:
            message = pattern.sub(instead, message)
        raise InvalidStack(message, error.file, error.line) from None
