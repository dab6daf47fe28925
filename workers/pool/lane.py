"""A lane: as many threads at work as there are slots, any number that wait, and jobs that have not begun.

Threads are made when a job needs one, and end when none has for a while.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol, Self, TypeAlias

from workers.runtime.slots import Slots, holding

_IDLE_SECONDS = 10.0


class Work(Protocol):
    """What a lane has done: a job.

    Attributes:
        kin: jobs of one kin are done together; None: it is done alone.
    """

    @property
    def kin(self) -> object:
        """The kin."""

    @classmethod
    def run_all(cls, jobs: Sequence[Self]) -> None:
        """Do these, which are of one kin, in this thread; nothing is raised."""

    def give_back(self) -> None:
        """Let another worker have it, or this one when it is started again."""


_Jobs: TypeAlias = tuple[Work, ...]


class Lane:
    """Runs jobs in order of their coming.

    Args:
        name: of its threads.
        slots: how many jobs work at once.
        hooks: how many may wait for a hook at once; None for any number.
        most: how many jobs may be under way at once, those that wait included.
        enough: with so many jobs waiting to begin it wants no more; with half of that, it does.
        together: how many jobs of one kin one thread does together.
    """

    def __init__(
        self, name: str, slots: int, *, most: int, enough: int, hooks: int | None = None, together: int = 1
    ) -> None:
        self.slots = Slots(slots, hooks=hooks, when_free=self._begin)
        self._wants_more = True
        self._name = name
        self._most = most
        self._enough = enough
        self._together = together
        self._lock = threading.Lock()
        self._pending: deque[Work] = deque()
        self._running: set[_Jobs] = set()
        self._idle: list[SimpleQueue[_Jobs]] = []
        self._threads = 0

    @property
    def running(self) -> Collection[Work]:
        """The jobs under way."""
        with self._lock:
            return [job for jobs in self._running for job in jobs]

    @property
    def threads(self) -> int:
        """How many threads there are."""
        return self._threads

    @property
    def room(self) -> int:
        """How many more jobs it wants."""
        return max(1, self._enough - len(self._pending)) if self._wants_more else 0

    def submit(self, job: Work) -> None:
        """Let a job be done when its turn comes."""
        with self._lock:
            self._pending.append(job)
            if len(self._pending) >= self._enough:
                self._wants_more = False
        self._begin()

    def drop(self) -> list[Work]:
        """Take back whatever has not begun."""
        with self._lock:
            dropped, self._pending = list(self._pending), deque()
            self._wants_more = True
            return dropped

    def _begin(self) -> None:
        """Begin as many jobs as there are slots for."""
        while True:
            with self._lock:
                if not self._pending or len(self._running) >= self._most or not self.slots.try_take():
                    return
                jobs = self._next_jobs()
                if len(self._pending) * 2 <= self._enough:
                    self._wants_more = True
                self._running.add(jobs)
                if self._idle:
                    self._idle.pop().put(jobs)
                    continue
                self._threads += 1
            inbox: SimpleQueue[_Jobs] = SimpleQueue()
            inbox.put(jobs)
            threading.Thread(target=self._work, args=(inbox,), name=self._name, daemon=True).start()

    def _next_jobs(self) -> _Jobs:
        """The job whose turn it is, and those of its kin right behind it."""
        jobs = [self._pending.popleft()]
        kin = jobs[0].kin
        while kin and self._pending and len(jobs) < self._together and self._pending[0].kin is kin:
            jobs.append(self._pending.popleft())
        return tuple(jobs)

    def _work(self, inbox: SimpleQueue[_Jobs]) -> None:
        while (jobs := self._next(inbox)) is not None:
            with holding(self.slots):
                type(jobs[0]).run_all(jobs)
                with self._lock:  # before the slot is free, so that this thread is the one that gets the next job
                    self._running.remove(jobs)
                    self._idle.append(inbox)
            del jobs

    def _next(self, inbox: SimpleQueue[_Jobs]) -> _Jobs | None:
        """The next jobs of this thread; None when there have been none for a while."""
        while True:
            try:
                return inbox.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if inbox in self._idle:
                        self._idle.remove(inbox)
                        self._threads -= 1
                        return None
