"""Progress at a real terminal, and where there is none."""

from __future__ import annotations

import sys

from tests.terminal import typed
from workers.runtime.process import run

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
    return typed([sys.executable, "-c", SCRIPT], env=env, columns=60)[1]


def test_a_line_erases_itself_before_anything_else_is_printed_and_in_the_end() -> None:
    shown = _at_a_terminal().split("\r\x1b[K")
    assert shown[0] == ""
    assert shown[1].endswith("…")
    assert len(shown[1]) == 59
    assert shown[2] == "a  deployed\n"
    assert shown[-1] == "60\n"


def test_columns_are_heeded_and_a_terminal_that_cannot_erase_is_spared() -> None:
    assert _at_a_terminal(TERM="dumb", COLUMNS="40") == "a  deployed\n40\n"


def test_nothing_is_shown_where_nobody_looks() -> None:
    done = run([sys.executable, "-c", SCRIPT], what="python", env={"TERM": "xterm"}, timeout=60)
    assert (done.stdout, done.stderr) == ("a  deployed\n200\n", "")
