"""Progress at a real terminal, and where there is none."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios

from workers.runtime.process import run, spawn

SCRIPT = """
from app.cli.progress import progress
from app.cli.output import width
with progress() as line:
    line.show("waiting for a worker, " + "x" * 100)
    line.erase()
    print("a  deployed", flush=True)
    line.show("2 of 2")
print(width())
"""


def _at_a_terminal(**env: str) -> str:
    """What arrives at a terminal of 60 columns."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        argv = [sys.executable, "-c", SCRIPT]
        with spawn(argv, env={"TERM": "xterm", **env}, stdout=theirs, stderr=theirs) as process:
            process.wait(60)
        return os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_line_erases_itself_before_anything_else_is_printed_and_in_the_end() -> None:
    shown = _at_a_terminal().split("\r\x1b[K")
    assert shown[0] == ""
    assert shown[1].endswith("…")
    assert len(shown[1]) == 59
    assert shown[2] == "a  deployed\r\n"
    assert shown[-1] == "60\r\n"


def test_columns_are_heeded_and_a_terminal_that_cannot_erase_is_spared() -> None:
    assert _at_a_terminal(TERM="dumb", COLUMNS="40") == "a  deployed\r\n40\r\n"


def test_nothing_is_shown_where_nobody_looks() -> None:
    done = run([sys.executable, "-c", SCRIPT], what="python", env={"TERM": "xterm"}, timeout=60)
    assert (done.stdout, done.stderr) == ("a  deployed\n200\n", "")
