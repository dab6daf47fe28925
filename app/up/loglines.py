"""One log of many programs: for people one line for what happened, for machines every line and who wrote it."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from app.up.telling import Told, tell, tell_line
from workers.model.messages import visible

_COLORS = {"warning": "33", "error": "31", "critical": "31"}
_LONGEST = 1 << 16  # characters of a line without an end, after which it is printed anyway


class LogLines:
    """Prints the lines of all programs on one stream.

    Args:
        log_format: `console`: when, about whom, what; `json`: one object a line, with a field `process`.
        stream: standard output by default.
        verbose: for people, whether programs may also speak of themselves.
    """

    def __init__(
        self, log_format: Literal["console", "json"], stream: TextIO | None = None, *, verbose: bool = False
    ) -> None:
        self._json = log_format == "json"
        self._stream = sys.stdout if stream is None else stream
        self._verbose = verbose
        self._is_terminal = self._stream.isatty()
        self._width = 8
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
            self._tell(Told(datetime.now(UTC), "tegu", visible("  ".join(words))))

    def _print(self, process: str, line: str) -> None:
        line = line.rstrip("\r")
        if not line.strip():
            return
        found = _object_in(line)
        if self._json:
            self._write(json.dumps((_stamped(line) if found is None else found) | {"process": process}))
        elif found is None:
            self._tell(tell_line(process, line, datetime.now(UTC), verbose=self._verbose))
        else:
            self._tell(tell(process, found, verbose=self._verbose))

    def _tell(self, told: Told | None) -> None:
        if told is None:
            return
        self._width = min(max(self._width, len(told.subject)), 32)  # wide enough for all that came so far
        line = f"{told.at.astimezone():%H:%M:%S}  {told.subject:<{self._width}}  {told.text}"
        if self._is_terminal and (color := _COLORS.get(told.level)):
            line = f"\x1b[{color}m{line}\x1b[0m"
        self._write("\n".join([line, *(f"          {each}" for each in told.more)]))

    def _write(self, line: str) -> None:
        """Print a line; when nobody reads any more, go on without a word."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def _object_in(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _stamped(event: str) -> dict[str, object]:
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"event": event, "level": "info", "timestamp": stamp, "process": "tegu"}
