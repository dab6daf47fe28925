"""Nothing that was started outlives its starter, whichever way either of them ends (Linux's prctl(2))."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK = 0.02  # seconds


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent has ended, so that none gets lost."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when its parent is gone; it stays in force across exec."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_descendants(grace: float = 5.0) -> list[int]:
    """End everything below this process: SIGTERM, and SIGKILL for what is left after `grace` seconds.

    Returns:
        The ids of the processes that were still there.
    """
    found = descendants()
    deadline = time.monotonic() + grace
    _send(found, signal.SIGTERM)
    while left := descendants():
        if time.monotonic() > deadline:
            _send(left, signal.SIGKILL)
        time.sleep(_TICK)
    return found


def descendants() -> list[int]:
    """The ids of all living processes below this one; its own ended children are reaped on the way."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # "pid (name) state ppid …"; the name may hold spaces and parentheses.
                state, parent = (entry / "stat").read_text(errors="replace").rpartition(") ")[2].split()[:2]
                if state != "Z":
                    children.setdefault(int(parent), []).append(int(entry.name))
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
