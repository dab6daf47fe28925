"""A program that somebody talks to has the terminal and its signals; its exit code is passed on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workers.model.errors import CommandFailed
from workers.runtime.terminal import accompany, become

ENV = {"PATH": os.environ["PATH"]}

# Tells when it is there, then which signal came, and ends with its number.
LISTENER = """
trap 'echo INT; exit 2' INT
trap 'echo TERM; exit 15' TERM
echo ready
while :; do sleep 0.05; done
"""


def test_the_exit_code_is_that_of_the_program(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = ["sh", "-c", 'echo "$PWD $COLOUR $1"; exit 7', "sh", "a b"]
    assert accompany(program, env={**ENV, "COLOUR": "red"}, cwd=str(tmp_path)) == 7
    assert capfd.readouterr().out == f"{tmp_path} red a b\n"


def test_one_that_a_signal_has_ended_is_told_as_a_shell_does() -> None:
    assert accompany(["sh", "-c", "kill -9 $$"], env=ENV, cwd="/") == 137


@pytest.mark.parametrize("start", [accompany, become])
def test_a_program_that_is_not_there_is_an_error(start: object) -> None:
    with pytest.raises(CommandFailed, match="cannot be started"):
        start(["/nowhere/compose"], env=ENV, cwd=str(Path.cwd()))  # type: ignore[operator]


def _waiting() -> subprocess.Popen[str]:
    """A process that accompanies the listener, in a group of their own, as in a terminal."""
    script = (
        "import sys; from workers.runtime.terminal import accompany; "
        f"sys.exit(accompany(['sh', '-c', sys.argv[1]], env={ENV!r}, cwd='/'))"
    )
    root = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-c", script, LISTENER], cwd=root, text=True, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_ctrl_c_is_for_the_program_to_decide() -> None:
    process = _waiting()
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=10)[0] == "INT\n"
    assert process.returncode == 2


def test_whoever_ends_this_process_ends_the_program() -> None:
    process = _waiting()
    process.terminate()
    assert process.communicate(timeout=10)[0] == "TERM\n"
    assert process.returncode == 15


def test_afterwards_signals_are_heard_as_before() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)]
    accompany(["true"], env=ENV, cwd="/")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)] == before
