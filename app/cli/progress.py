"""How far something has come: one line at a terminal that is written over again and again, and is gone at the end."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.output import width
from app.cli.table import cut_to
from workers.model.messages import visible
from workers.runtime.settings import inherited

_ERASE = "\r\x1b[K"  # what ECMA-48 calls EL: everything from the beginning of the line on


class Progress:
    """The line, on standard error.

    Args:
        is_shown: whether there is one; without a terminal, or one that can erase nothing, there is none either way.
    """

    def __init__(self, *, is_shown: bool = True) -> None:
        self._is_shown = is_shown and sys.stderr.isatty() and inherited(("TERM",)).get("TERM") != "dumb"
        self._marks = itertools.cycle("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    def show(self, text: str) -> None:
        """Say how far it has come, in place of what was said before."""
        if self._is_shown:
            self._write(_ERASE + cut_to(f"{next(self._marks)} {visible(text)}", width() - 1))

    def erase(self) -> None:
        """Leave nothing of it, before something else is printed."""
        if self._is_shown:
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


@contextmanager
def progress(*, is_shown: bool = True) -> Iterator[Progress]:
    """A line that is gone however it ends."""
    line = Progress(is_shown=is_shown)
    try:
        yield line
    finally:
        line.erase()
