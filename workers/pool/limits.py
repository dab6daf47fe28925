"""Sees to it that no task takes longer than it may: first an exception in its thread, then the end of the process.

The supervisor starts the worker again, and what else was under way is repaired as after a kill. It costs nothing while
there is no task.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable

from workers.pool.job import Job
from workers.runtime.interrupted import TimeIsUp
from workers.runtime.logs import get_logger

log = get_logger(__name__)

# Seconds between the exception and the end of the process: a child is given five to end, Redis and Docker have their
# own limits, and all of them may be waited for one after the other.
GRACE = 90.0

_EVERY = 1.0  # seconds
_TELL = 2.0  # seconds for the acknowledgement to reach Redis
_END = 20.0  # seconds for the process to end by itself


class Limits:
    """A thread that looks at what is under way.

    Args:
        running: gives the jobs under way.
        grace: seconds between the exception and the end of the process.
    """

    def __init__(self, running: Callable[[], Iterable[Job]], grace: float) -> None:
        self._running = running
        self._grace = grace
        self._told: set[Job] = set()
        self._wanted = threading.Event()
        threading.Thread(target=self._run, name="limits", daemon=True).start()

    def look(self) -> None:
        """Something has begun."""
        self._wanted.set()

    def _run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            while jobs := set(self._running()):
                self._told &= jobs
                for job in jobs:
                    self._enforce(job)
                time.sleep(_EVERY)

    def _enforce(self, job: Job) -> None:
        if job.limit is None or job.seconds() <= job.limit:
            return
        if job not in self._told:
            self._told.add(job)
            job.interrupt(TimeIsUp)
        elif job.seconds() > job.limit + self._grace:
            end_process(job)


def end_process(job: Job) -> None:
    """End this process, since a task cannot be ended: its own message never comes back, all others do."""
    log.critical("a task does not end, so this worker does", task=job.request.id, limit=job.limit)
    try:
        job.request.on_timeout(False, job.limit)  # noqa: FBT003 (Celery's own signature)
    except Exception:
        log.exception("not told that a task has failed", task=job.request.id)
    time.sleep(_TELL)
    os.kill(os.getpid(), signal.SIGQUIT)
    time.sleep(_END)
    os.kill(os.getpid(), signal.SIGKILL)
