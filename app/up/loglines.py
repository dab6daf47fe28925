"""One log of many programs: every line says which one wrote it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

from workers.model.messages import visible

_COLORS = ("36", "32", "33", "35", "34", "96", "92")
_LONGEST = 1 << 16  # characters of a line without an end, after which it is printed anyway


class LogLines:
    """Prints the lines of all programs on one stream.

    Args:
        log_format: `console`: each line behind its program's name; `json`: one object a line, with a field `process`.
        stream: standard output by default.
        width: of the column of names.
    """

    def __init__(self, log_format: Literal["console", "json"], stream: TextIO | None = None, width: int = 6) -> None:
        self._json = log_format == "json"
        self._stream = sys.stdout if stream is None else stream
        self._width = width
        self._colors: dict[str, str] | None = {} if not self._json and self._stream.isatty() else None
        self._partial: dict[str, str] = {}

    def feed(self, process: str, text: str) -> None:
        """Print what is complete of a program's output; the rest waits for its end."""
        *lines, rest = (self._partial.pop(process, "") + text).split("\n")
        for line in lines:
            self._print(process, line)
        if len(rest) > _LONGEST:
            self._print(process, rest)
        elif rest:
            self._partial[process] = rest

    def end(self, process: str) -> None:
        """Print what is left of a program that has ended."""
        if rest := self._partial.pop(process, ""):
            self._print(process, rest)

    def notice(self, event: str, **fields: object) -> None:
        """Say something of our own."""
        if self._json:
            self._write(json.dumps(_stamped(event) | fields))
        else:
            words = [event, *(f"{name}={value}" for name, value in fields.items())]
            self._write(self._prefix("tegu") + visible("  ".join(words)))

    def _print(self, process: str, line: str) -> None:
        line = line.rstrip("\r")
        if not line.strip():
            return
        if not self._json:
            self._write(self._prefix(process) + visible(line))
            return
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        fields = found if isinstance(found, dict) else _stamped(line)
        self._write(json.dumps(fields | {"process": process}))

    def _prefix(self, process: str) -> str:
        name = f"{process:<{self._width}} | "
        if self._colors is None:
            return name
        color = self._colors.setdefault(process, _COLORS[len(self._colors) % len(_COLORS)])
        return f"\x1b[{color}m{name}\x1b[0m"

    def _write(self, line: str) -> None:
        """Print a line; when nobody reads any more, go on without a word."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def _stamped(event: str) -> dict[str, object]:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"event": event, "level": "info", "timestamp": stamp, "process": "tegu"}
