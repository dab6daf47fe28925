"""Taking a lock away from a holder that is frozen: its processes are ended, and it can write no state any more.

The lock of the host is an flock, so it is free when the last process that has it open is gone: the worker's own, and
the `git` or `docker compose` that it has started. They are found by the file they hold open, not by a number that may
be another process's by now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workers.adapters.state.leases import stack_lease
from workers.adapters.state.paths import state_file
from workers.model.errors import Busy, UnknownName, UserError
from workers.services import Services

_PATIENCE = 10.0  # seconds until a process that got SIGKILL has to be gone
_STACK = "stack:"
_REPO = "repo:"


@dataclass(frozen=True, slots=True)
class Released:
    """A lock that was taken away: its lease's holder (None: the lease had run out), and the processes ended."""

    name: str
    holder: dict[str, Any] | None
    ended: tuple[int, ...]


def release(services: Services, name: str) -> Released:
    """Take a lock away from whoever holds it.

    Args:
        services: the process's.
        name: a stack, or a lock as `tegu locks` lists it.

    Raises:
        UnknownName: nobody holds it.
        UserError: it is held on another host.
        Busy: a process of its holder does not end.
    """
    lock = _lease_name(services, name)
    holder = next((each for each in services.state.leases.holders() if each["name"] == lock), None)
    here = socket.gethostname()
    if holder is not None and holder["host"] != here:
        message = (
            f"{lock} is held on {holder['host']} (process {holder['pid']}), and this is {here}; "
            f"run `tegu locks --release {name}` there"
        )
        raise UserError(message)
    ended = end_holders(_files(services, lock))
    taken = services.state.leases.force_release(lock)
    if taken is None and not ended:
        message = f"nobody holds {name}; `tegu locks` lists what is held"
        raise UnknownName(message)
    return Released(lock, taken or holder, ended)


def _lease_name(services: Services, name: str) -> str:
    if name.startswith((_STACK, _REPO)):
        return name
    return stack_lease(name if "/" in name else services.stacks.find(name).id)


def _files(services: Services, lock: str) -> tuple[Path, ...]:
    """The files that are locked on this host under that name."""
    data_dir = services.settings.data_dir
    if lock.startswith(_STACK):
        return (state_file(data_dir, lock.removeprefix(_STACK), ".lock"),)
    repo = quote(lock.rpartition(":")[2], safe="")
    return tuple(data_dir / "repos" / f"{repo}.{kind}" for kind in ("lock", "pull"))


def end_holders(files: Iterable[Path]) -> tuple[int, ...]:
    """End every process that has one of these files open, stopped ones too, and all that it has started.

    A command of Tegu's leads a session of its own, which goes as a whole. A worker's process shares its group with the
    other processes of the worker, which have done nothing, so it goes alone; the worker replaces it.

    Returns:
        Their ids.

    Raises:
        Busy: one of them does not end.
    """
    wanted = set(files)
    ended = holders_of(wanted)
    for process in ended:
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(process) == process:
                os.killpg(process, signal.SIGKILL)
            os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + _PATIENCE
    while left := holders_of(wanted):
        if time.monotonic() > deadline:
            message = f"process {left[0]} holds the lock and does not end"
            raise Busy(message)
        time.sleep(0.02)
    return ended


def holders_of(files: Iterable[Path]) -> tuple[int, ...]:
    """The processes that have one of these files open, but for this one."""
    wanted = set()
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            status = file.stat()
            wanted.add((status.st_dev, status.st_ino))
    others = (folder for folder in Path("/proc").iterdir() if folder.name.isdigit() and folder.name != str(os.getpid()))
    return tuple(sorted(int(folder.name) for folder in others if wanted & set(_open_files(folder / "fd"))))


def _open_files(folder: Path) -> Iterable[tuple[int, int]]:
    with contextlib.suppress(OSError):
        for link in folder.iterdir():
            with contextlib.suppress(OSError):
                status = link.stat()
                yield status.st_dev, status.st_ino
