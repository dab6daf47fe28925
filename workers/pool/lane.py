"""A lane: as many threads at work as there are slots, any number that wait, and jobs that have not begun.

Threads are made when a job needs one, and end when none has for a while.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection
from queue import Empty, SimpleQueue

from workers.pool.job import Job
from workers.runtime.slots import Slots, holding

_IDLE_SECONDS = 10.0


class Lane:
    """Runs jobs in order of their coming.

    Args:
        name: of its threads.
        slots: how many jobs work at once.
        hooks: how many may wait for a hook at once; None for any number.
        most: how many jobs may be under way at once, those that wait included.
        enough: with so many jobs waiting to begin it wants no more; with half of that, it does.
    """

    def __init__(self, name: str, slots: int, *, most: int, enough: int, hooks: int | None = None) -> None:
        self.slots = Slots(slots, hooks=hooks, when_free=self._begin)
        self._wants_more = True
        self._name = name
        self._most = most
        self._enough = enough
        self._lock = threading.Lock()
        self._pending: deque[Job] = deque()
        self._running: set[Job] = set()
        self._idle: list[SimpleQueue[Job]] = []
        self._threads = 0

    @property
    def running(self) -> Collection[Job]:
        """The jobs under way."""
        with self._lock:
            return tuple(self._running)

    @property
    def threads(self) -> int:
        """How many threads there are."""
        return self._threads

    @property
    def room(self) -> int:
        """How many more jobs it wants."""
        return max(1, self._enough - len(self._pending)) if self._wants_more else 0

    def submit(self, job: Job) -> None:
        """Let a job be done when its turn comes."""
        with self._lock:
            self._pending.append(job)
            if len(self._pending) >= self._enough:
                self._wants_more = False
        self._begin()

    def drop(self) -> list[Job]:
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
                job = self._pending.popleft()
                if len(self._pending) * 2 <= self._enough:
                    self._wants_more = True
                self._running.add(job)
                if self._idle:
                    self._idle.pop().put(job)
                    continue
                self._threads += 1
            inbox: SimpleQueue[Job] = SimpleQueue()
            inbox.put(job)
            threading.Thread(target=self._work, args=(inbox,), name=self._name, daemon=True).start()

    def _work(self, inbox: SimpleQueue[Job]) -> None:
        while (job := self._next(inbox)) is not None:
            with holding(self.slots):
                job.run()
                with self._lock:  # before the slot is free, so that this thread is the one that gets the next job
                    self._running.remove(job)
                    self._idle.append(inbox)
            del job

    def _next(self, inbox: SimpleQueue[Job]) -> Job | None:
        """The next job of this thread; None when there has been none for a while."""
        while True:
            try:
                return inbox.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if inbox in self._idle:
                        self._idle.remove(inbox)
                        self._threads -= 1
                        return None
