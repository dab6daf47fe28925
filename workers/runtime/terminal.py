"""Programs that people talk to: they get the terminal as it is, with its signals.

`workers.runtime.process` starts everything else, apart from any terminal and with a limit on its time.
"""

from __future__ import annotations

import os
import signal
import subprocess  # noqa: TID251 (a session of its own, as `workers.runtime.process` makes them, has no terminal)
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from workers.model.errors import CommandFailed


def become(argv: Sequence[str], *, env: Mapping[str, str], cwd: str) -> None:
    """Replace this process by a program, so that terminal, signals and exit code are its own.

    Raises:
        CommandFailed: when it cannot be started.
    """
    os.chdir(cwd)
    try:
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 (that is what is asked for)
    except OSError as error:
        raise _not_started(argv, error) from error


def accompany(argv: Sequence[str], *, env: Mapping[str, str], cwd: str) -> int:
    """Let a program have the terminal, and wait for its end.

    The terminal sends Ctrl-C to both; what it means, the program alone decides. Whoever ends this process means the
    program.

    Returns:
        Its exit code; as a shell has it, 128 and the signal's number for one that a signal has ended.

    Raises:
        CommandFailed: when it cannot be started.
    """
    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []  # signals that came before anybody was there to have them

    def hand_on(number: int, _: FrameType | None) -> None:
        if started:
            started[0].send_signal(number)
        else:
            early.append(number)

    # Functions, not SIG_IGN: what is ignored would be ignored by the program, too.
    with _heard({signal.SIGINT: _leave, signal.SIGQUIT: _leave, signal.SIGTERM: hand_on}):
        try:
            started.append(subprocess.Popen(list(argv), env=dict(env), cwd=cwd))
        except OSError as error:
            raise _not_started(argv, error) from error
        for number in early:
            started[0].send_signal(number)
        code = started[0].wait()
    return code if code >= 0 else 128 - code


def _leave(_number: int, _frame: FrameType | None) -> None:
    """The program has got it, too."""


@contextmanager
def _heard(wanted: Mapping[signal.Signals, object]) -> Iterator[None]:
    before = {number: signal.signal(number, hear) for number, hear in wanted.items()}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, hear in before.items():
            signal.signal(number, hear)


def _not_started(argv: Sequence[str], error: OSError) -> CommandFailed:
    return CommandFailed(argv[0], 127, f"cannot be started: {error.strerror or error}")
