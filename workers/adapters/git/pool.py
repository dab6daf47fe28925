"""The `git cat-file` processes of this process: one for each Git directory, whoever reads it, and not too many of them.

All threads share them; each question and its answer has a directory's process to itself. When there are as many as
there may be, the one that was asked longest ago ends for the next one, and one that nobody asks ends by itself: a host
with hundreds of repos has few of them, and an idle one none. After a fork the child drops what it inherited and starts
its own, since two processes on one pipe would read each other's answers.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from workers.adapters.git.batch import Batch
from workers.model.errors import CommandFailed, GitUnavailable

MOST = 16
IDLE_SECONDS = 30.0
_TICK = 0.01  # seconds; only when as many threads read as many clones as there may be processes

Question = Literal["info", "contents"]

# How questions are put: options of `git cat-file`, what stands before an object's name, and what follows the last one.
# Since Git 2.36 one process answers both (https://git-scm.com/docs/git-cat-file); before, it exits as for every option
# that it lacks. What is asked in one go is answered in few pieces then, instead of one, and a switch of processes, for
# each object: Git begins when it is told to flush.
_Wording = tuple[tuple[str, ...], str, tuple[str, ...]]
_BUFFERED = ("--batch-command", "--buffer")
_TOGETHER: Mapping[Question, _Wording] = {
    "info": (_BUFFERED, "info ", ("flush",)),
    "contents": (_BUFFERED, "contents ", ("flush",)),
}
_APART: Mapping[Question, _Wording] = {"info": (("--batch-check",), "", ()), "contents": (("--batch",), "", ())}
_UNKNOWN_OPTION = 129


class Seat:
    """What answers for one Git directory, to one thread at a time: whoever holds `lock`.

    Attributes:
        git_dir: the directory.
        lock: to be held for a question and all of its answer, and for `end`.
        used: when it was asked last, by the monotonic clock.
    """

    def __init__(self, git_dir: Path, pool: Pool) -> None:
        self.git_dir = git_dir
        self.lock = threading.Lock()
        self.used = time.monotonic()
        self._pool = pool
        self._running: dict[tuple[str, ...], Batch] = {}

    def ask(self, question: Question, names: Sequence[str]) -> Batch:
        """Put a question about objects; the answers have to be taken from the process that is returned.

        Raises:
            Ended: the process did not take all of it.
            GitUnavailable: Git cannot be started.
        """
        self.used = time.monotonic()
        options, prefix, last = self._pool.wording[question]
        batch = self._running.get(options) or self._start(options)
        batch.send([*(f"{prefix}{name}" for name in names), *last])
        return batch

    def end(self) -> None:
        """End what runs; the next question starts it again."""
        for options, batch in self._running.items():
            if batch.end() == _UNKNOWN_OPTION and options == _BUFFERED:
                self._pool.wording = _APART
        self._running = {}
        self._pool.dismiss(self)

    def after_fork(self) -> None:
        """In a forked child: leave the parent's processes alone, and its threads' lock."""
        self.lock = threading.Lock()
        for batch in self._running.values():
            batch.disown()
        self._running = {}

    def _start(self, options: tuple[str, ...]) -> Batch:
        if not self._running:
            self._pool.admit(self)
        try:
            batch = self._running[options] = Batch(self.git_dir, options)
        except CommandFailed as error:
            self.end()
            message = f"git: {error.output}"
            raise GitUnavailable(message) from error
        return batch


class Pool:
    """The seats of this process; threads share it.

    Args:
        most: so many may have something running at a time.
        idle_seconds: after so long without a question, or half as much again, what runs is ended.

    Attributes:
        wording: how questions are put to the Git that is installed.
    """

    def __init__(self, most: int = MOST, idle_seconds: float = IDLE_SECONDS) -> None:
        self.wording = _TOGETHER
        self._most = most
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._seats: weakref.WeakValueDictionary[Path, Seat] = weakref.WeakValueDictionary()
        self._running: set[Seat] = set()
        self._closing = False

    def seat(self, git_dir: Path) -> Seat:
        """The one of a Git directory."""
        with self._lock:
            seat = self._seats.get(git_dir)
            if seat is None:
                seat = self._seats[git_dir] = Seat(git_dir, self)
            return seat

    def admit(self, seat: Seat) -> None:
        """Wait until a seat may start something; its lock is held."""
        while not self._makes_room(seat):
            time.sleep(_TICK)

    def dismiss(self, seat: Seat) -> None:
        """A seat has nothing running any more."""
        with self._lock:
            self._running.discard(seat)

    def after_fork(self) -> None:
        """In a forked child: begin with nothing."""
        self._lock = threading.Lock()
        self._running = set()
        self._closing = False
        for seat in list(self._seats.values()):
            seat.after_fork()

    def _makes_room(self, seat: Seat) -> bool:
        with self._lock:
            victim = None
            if len(self._running) >= self._most:
                victim = self._idlest()
                if victim is None:
                    return False
                self._running.discard(victim)
            self._running.add(seat)
            if not self._closing:
                self._closing = True
                threading.Thread(target=self._close_idle, name="idle readers", daemon=True).start()
        if victim is not None:
            _end(victim)
        return True

    def _idlest(self) -> Seat | None:
        """The one that was asked longest ago and that nobody is asking now, with its lock held; None: all are busy."""
        for seat in sorted(self._running, key=lambda each: each.used):
            if seat.lock.acquire(blocking=False):
                return seat
        return None

    def _close_idle(self) -> None:
        """A thread's work for as long as anything runs."""
        while True:
            time.sleep(self._idle_seconds / 2)
            with self._lock:
                self._closing = bool(self._running)
                if not self._closing:
                    return
                then = time.monotonic() - self._idle_seconds
                idle = [seat for seat in self._running if seat.used <= then and seat.lock.acquire(blocking=False)]
            for seat in idle:
                _end(seat)


def _end(seat: Seat) -> None:
    """End what runs for a seat whose lock is held, and let go of the lock."""
    try:
        seat.end()
    finally:
        seat.lock.release()


pool = Pool()
os.register_at_fork(after_in_child=pool.after_fork)
