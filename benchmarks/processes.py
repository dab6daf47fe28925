"""What processes take: memory that is theirs and their share of what they have in common, and processor time."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a group of processes takes together.

    Attributes:
        processes: how many there are.
        memory: proportional set size in MiB (proc(5), `smaps_rollup`): a page that several share counts once in all.
        cpu: seconds of processor time until now, of those that are there, and of the children they have waited for.
    """

    processes: int
    memory: float
    cpu: float


def taken_by(roots: Collection[int]) -> Taken:
    """What these processes and everything that they have started take now."""
    members = family(roots)
    memory = cpu = 0.0
    for pid in members:
        try:
            found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
            fields = _fields(pid)
        except OSError:
            continue  # it has just ended
        memory += int(found[1]) / 1024 if found else 0
        cpu += sum(int(each) for each in fields[11:15]) / _TICKS
    return Taken(len(members), memory, cpu)


def processor_seconds(pids: Collection[int]) -> float:
    """The processor time that these processes have taken, without their children."""
    return sum(sum(int(each) for each in _fields(pid)[11:13]) for pid in pids) / _TICKS


def family(roots: Collection[int]) -> set[int]:
    """The ids of the processes, of those below them, and of those of their sessions, whose parent may have ended."""
    parents: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, _, session = _fields(int(entry.name))[:4]
        except OSError:
            continue
        if state != "Z":
            parents[int(entry.name)] = (int(parent), int(session))
    found = {pid for pid, (_, session) in parents.items() if pid in roots or session in roots}
    while more := {pid for pid, (parent, _) in parents.items() if parent in found} - found:
        found |= more
    return found


def _fields(pid: int) -> list[str]:
    """Those of `/proc/<pid>/stat` from the state on; the name before may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")[2].split()
