"""`python -m benchmarks.soak [--minutes N] [--stacks N]`: pushes without end, while what does the work is killed.

A whole Tegu with its own Redis gets a push every few seconds that changes some of its stacks; in between one of its
processes, picked by chance, is killed: the worker, Redis, a web process, a `docker compose`, a `git`, and now and then
`tegu up` itself. All the while somebody looks whether two `docker compose up` of one project ever run beside each
other. In the end every stack has to run what was pushed last, and the memory is compared with that of the beginning.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.processes import family, taken_by
from benchmarks.system import docker
from tests.e2e.system import TEGU, System, eventually
from workers.model.errors import CommandFailed

_EVERY_SECONDS = 8.0  # between two kills
_AT_REST = 60.0  # seconds until what was killed last is there again, and what it has begun is over
_END = 300.0
_KINDS = {
    "worker": "celeryd",
    "redis": "redis-server",
    "web": "gunicorn: worker",
    "compose": "docker-compose",
    "git": "git",
    "tegu up": " up",
}
_CHANCES = (6, 3, 2, 6, 3, 1)


class Soak(System):
    """The system, with a `tegu up` that can be killed and started again."""

    def __init__(self, folder: Path, stacks: int) -> None:
        super().__init__(folder)
        self.names = [f"s{number:02}" for number in range(stacks)]
        self.wanted = dict.fromkeys(self.names, 0)
        self.kills: Counter[str] = Counter()

    def change(self, number: int) -> None:
        """Push a change of some stacks, and send its webhook, which may find nobody."""
        for name in random.sample(self.names, max(1, len(self.names) // 4)):
            self.wanted[name] = number
        commit = self.push({f"services/{name}/compose.yaml": _compose(each) for name, each in self.wanted.items()})
        self.send_push(commit)

    def kill(self, kind: str) -> None:
        """Kill a process of a kind, if there is one right now."""
        pids = [pid for pid, line in self._family() if _KINDS[kind] in line]
        if kind == "tegu up":
            pids = [self._processes[-1].pid]
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(random.choice(pids), signal.SIGKILL)
                self.kills[kind] += 1
        if kind == "tegu up":
            self._processes.pop().wait()
            self._spawn("tegu.log", TEGU, "up")

    def is_as_wanted(self) -> bool:
        """Whether every stack runs what was pushed last, in one container."""
        try:
            found = self.containers()
            if {name: each.state for name, each in found.items()} != {
                f"{each}/app/1": "running" for each in self.names
            }:
                return False
            seen = {name: docker("inspect", "--format", "{{.Config.Env}}", each.id) for name, each in found.items()}
        except (CommandFailed, subprocess.CalledProcessError):
            return False  # one is being replaced right now
        variables = {name: each.strip()[1:-1].split() for name, each in seen.items()}
        return all(f"NUMBER={number}" in variables[f"{name}/app/1"] for name, number in self.wanted.items())

    def memory(self) -> float:
        """MiB of all that `tegu up` has started."""
        return taken_by([self._processes[-1].pid]).memory

    def overlaps(self) -> Iterator[str]:
        """The projects that two `up` are at right now: none, ever."""
        ups = Counter(
            words[words.index("-p") + 1]
            for _, line in self._family()
            if (words := line.split(" ")) and "docker-compose" in words[0] and "up" in words and "-p" in words
        )
        yield from (project for project, count in ups.items() if count > 1)

    def _family(self) -> Iterator[tuple[int, str]]:
        """Every process that `tegu up` has started, and whatever works in its data directory; each with its command."""
        ours = family([self._processes[-1].pid])
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if int(entry.name) in ours or str(self.data) in line:
                    yield int(entry.name), line


def _compose(number: int) -> str:
    return (
        "services:\n  app:\n    image: busybox:stable\n    command: sleep 100000\n"
        f"    environment: {{NUMBER: '{number}'}}\n    network_mode: none\n    stop_signal: SIGKILL\n"
    )


def soak(system: Soak, minutes: float) -> list[str]:
    """Push and kill for some minutes.

    Returns:
        The projects that two `up` were at at the same time.
    """
    seen: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            seen.extend(system.overlaps())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        end, number = time.monotonic() + minutes * 60, 0
        while time.monotonic() < end:
            number += 1
            system.change(number)
            time.sleep(random.uniform(0.5, 1.5) * _EVERY_SECONDS)
            system.kill(random.choices(list(_KINDS), _CHANCES)[0])
    finally:
        ended.set()
        watcher.join()
    return seen


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, and say how it went.

    Returns:
        The exit code: 1 if two were at one project, or a stack does not run what was pushed last.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Push and kill, without end.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--stacks", type=int, default=12)
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="tegu-soak-"))
    system = Soak(folder, options.stacks)
    try:
        system.start()
        system.change(0)
        eventually(system.is_as_wanted, "the first deployment", _END)
        time.sleep(_AT_REST)
        before = system.memory()
        overlaps = soak(system, options.minutes)
        began = time.monotonic()
        system.change(1_000_000)
        eventually(system.is_as_wanted, f"what was pushed last\n{system.log()[-3000:]}", _END)
        recovered = time.monotonic() - began
        time.sleep(_AT_REST)
        after = system.memory()
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)
    kills = ", ".join(f"{kind} {count}" for kind, count in system.kills.most_common())
    print(f"killed: {kills}")
    print(f"two at one project: {', '.join(overlaps) or 'never'}")
    print(f"all runs what was pushed last {recovered:.1f} s after the last push")
    print(f"memory at rest: {before:.0f} MiB before, {after:.0f} MiB after")
    return 1 if overlaps else 0


if __name__ == "__main__":
    sys.exit(main())
