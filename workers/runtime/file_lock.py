"""Exclusion on one host by `flock(2)`, which a child that inherits the descriptor holds on to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from workers.model.errors import Busy


@contextlib.contextmanager
def flock(path: Path, *, timeout: float | None, is_inherited: bool = True) -> Iterator[int]:
    """Hold an exclusive `flock(2)` on a file.

    The lock belongs to the open descriptor, so a child that inherits it (`pass_fds`) keeps the lock for as
    long as it lives, whatever becomes of this process.

    Args:
        path: the lock's file; made, with its folder, when it is not there. It is never removed.
        timeout: seconds to wait for another holder; None waits for ever, 0 does not wait.
        is_inherited: whether children may be given the descriptor. Where none is, the lock is free as soon as this has
            ended, for whoever does not wait, too. Else that may take some milliseconds more: any process that another
            thread starts just then has a copy of the descriptor until it executes its program.

    Yields:
        The descriptor.

    Raises:
        Busy: when somebody else still holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, path, timeout)
        yield descriptor
    finally:
        if not is_inherited:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _lock(descriptor: int, path: Path, timeout: float | None) -> None:
    if timeout is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                message = f"{path.name} is held by another process"
                raise Busy(message) from error
            time.sleep(0.05)
        else:
            return
