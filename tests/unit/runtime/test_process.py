"""Processes are limited, ended as a group, and never leave anything behind."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import pytest

from workers.model.errors import CommandFailed, CommandTimedOut
from workers.runtime.process import kill_group, run, spawn

ENV = {"PATH": os.defpath}


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_a_command_gets_its_output_returned_and_its_lines_as_they_come() -> None:
    lines: list[str] = []
    done = run(
        ["sh", "-c", "echo one; echo two >&2; printf three"], what="sh", env=ENV, timeout=10, on_line=lines.append
    )
    assert (done.code, done.stdout, done.stderr) == (0, "one\nthree", "two\n")
    assert sorted(lines) == ["one", "three", "two"]


def test_a_command_reads_what_it_is_given() -> None:
    text = b"x" * 300_000
    assert len(run(["cat"], what="cat", env=ENV, timeout=10, input=text).stdout) == len(text)


def test_a_command_that_does_not_read_its_input_is_no_error() -> None:
    assert run(["true"], what="true", env=ENV, timeout=10, input=b"x" * 300_000).code == 0


def test_a_command_inherits_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "secret")
    assert "PLANTED" not in run(["env"], what="env", env=ENV, timeout=10).stdout


def test_a_failure_names_the_command_and_carries_the_end_of_its_output() -> None:
    with pytest.raises(CommandFailed, match=r"^docker compose up ended with exit code 3: no such image$"):
        run(["sh", "-c", "echo no such image >&2; exit 3"], what="docker compose up", env=ENV, timeout=10)


def test_a_program_that_is_not_there_is_a_failure_too() -> None:
    with pytest.raises(CommandFailed, match="cannot be started"):
        run(["no-such-program"], what="nothing", env=ENV, timeout=10)


def test_a_command_over_its_time_is_ended_with_its_grandchildren(tmp_path: Path) -> None:
    script = f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60' & wait"
    with pytest.raises(CommandTimedOut, match=r"did not end within 0\.5 s"):
        run(["sh", "-c", script], what="a hook", env=ENV, timeout=0.5)
    assert not _alive(int((tmp_path / "pid").read_text()))


def test_a_command_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = spawn(["sh", "-c", f"trap '' TERM; echo > {tmp_path}/up; while :; do sleep 0.1; done"], env=ENV)
    while not (tmp_path / "up").exists():
        time.sleep(0.01)
    kill_group(process.pid, grace=0.3)
    assert process.wait(5) == -9
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()


def test_a_daemon_that_keeps_the_pipes_open_does_not_hold_up_the_command(tmp_path: Path) -> None:
    started = time.monotonic()
    done = run(["sh", "-c", f"sleep 30 & echo $! > {tmp_path}/pid; echo done"], what="a hook", env=ENV, timeout=20)
    assert done.stdout == "done\n"
    assert time.monotonic() - started < 10
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 9)


def test_a_command_can_be_stopped_from_another_thread() -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    started = time.monotonic()
    with pytest.raises(CommandTimedOut):
        run(["sleep", "60"], what="sleep", env=ENV, timeout=60, stop=stop)
    assert time.monotonic() - started < 10


def test_very_long_output_keeps_its_end() -> None:
    done = run(["sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end"], what="sh", env=ENV, timeout=30)
    assert len(done.stdout) <= 1 << 20
    assert done.stdout.endswith("end\n")


def test_a_line_without_an_end_is_handed_on_in_parts() -> None:
    lines: list[str] = []
    run(["sh", "-c", "head -c 40000 /dev/zero | tr '\\0' x"], what="sh", env=ENV, timeout=30, on_line=lines.append)
    assert sum(map(len, lines)) == 40000
    assert max(map(len, lines)) <= 16384
