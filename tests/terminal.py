"""A real terminal, and somebody who types at it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.warm import Running
from workers.runtime.process import kill_group, spawn

_PATIENCE = 60.0  # seconds without anything new


def typed(
    argv: Sequence[str],
    answers: Sequence[tuple[str, str]] = (),
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    columns: int = 80,
    begin: Callable[..., Running | subprocess.Popen[bytes]] = spawn,
) -> tuple[int, str]:
    """Run a program at a terminal.

    Args:
        argv: the program.
        answers: what is waited for, and then typed, one after the other.
        env: its environment.
        cwd: where.
        columns: of the terminal.
        begin: how it is begun: `warm.start`, or from nothing.

    Returns:
        The exit code, and all that came to the screen, with plain line ends.
    """
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        process = begin(argv, env={"TERM": "xterm", **env}, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        try:
            shown = _talk(ours, answers)
            return process.wait(_PATIENCE), shown.replace("\r\n", "\n")
        finally:
            kill_group(process.pid, 1)
            process.wait()
    finally:
        os.close(ours)


def _talk(terminal: int, answers: Sequence[tuple[str, str]]) -> str:
    shown, read, left = "", 0, list(answers)
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                more = os.read(terminal, 1 << 16)
            except OSError:  # everybody has closed it
                return shown
            if not more:
                return shown
            shown += more.decode(errors="replace")
            deadline = time.monotonic() + _PATIENCE
        if left and left[0][0] in shown[read:]:
            read = len(shown)
            time.sleep(0.2)  # what is typed before the echo is off is flushed
            os.write(terminal, f"{left.pop(0)[1]}\n".encode())
    raise AssertionError(shown)
