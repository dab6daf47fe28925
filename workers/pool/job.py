"""One task in a thread, and how it is ended from outside.

Python has no way to end a thread, but to raise an exception in it as soon as it executes Python code again
(`PyThreadState_SetAsyncExc`). What blocks in the kernel has limits of its own: every child process, every call of
Docker, Redis and HTTP.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from billiard import einfo
from billiard.einfo import ExceptionInfo
from celery.worker import state

from workers.runtime.interrupted import Interrupted
from workers.runtime.logs import get_logger

log = get_logger(__name__)

# Celery keeps a copy of each frame's code with every failure, errors on purpose included, and that is most of what a
# failure costs. Code does not change, so one copy is enough.
einfo._Frame.Code = staticmethod(cache(einfo._Code))  # noqa: SLF001


class Job:
    """What Celery has handed over: a call, and whom to tell how it went.

    Args:
        call: runs the task; gives what `on_end` takes.
        request: Celery's, whose callbacks are called in the job's thread.
        limit: seconds the task may take; None for any time.
        on_terminate: ends the job, in a thread of its own, when somebody wants that.

    Attributes:
        pid: the kernel's id of its thread, once it has begun; shown by `inspect active` and by Flower.
        kin: jobs of one kin are done together; None: it is done alone.
    """

    def __init__(
        self,
        call: Callable[[], Any],
        request: Any,  # noqa: ANN401 (Celery has no types)
        limit: float | None,
        on_terminate: Callable[[Job], None],
    ) -> None:
        self.request = request
        self.limit = limit
        self.pid: int | None = None
        self.kin: object = None
        self._call = call
        self._on_terminate = on_terminate
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._begun: float | None = None
        self._done: Any = None
        self._failure: ExceptionInfo | None = None
        self._is_terminated = False

    @classmethod
    def run_all(cls, jobs: Sequence[Job]) -> None:
        """Do each of these in this thread, and tell how it went; nothing is raised."""
        for job in jobs:
            job.run()

    def run(self) -> None:
        """Do it in this thread, and tell how it went; nothing is raised."""
        try:
            if self._begin():
                self._do()
                self._tell()
        except BaseException:
            log.exception("a bug in a task's end", task=self.request.id)

    def give_back(self) -> None:
        """Let another worker have it, or this one when it is started again."""
        self.request.give_back()

    def _begin(self) -> bool:
        """Say that it has begun in this thread. False: nobody wants it any more."""
        self.pid = threading.get_native_id()
        self.request.on_accepted(self.pid, time.monotonic())
        return not (self._is_terminated or (self.request.id in state.revoked and self.request.revoked()))

    def _do(self) -> None:
        try:
            self._done = self._interruptibly()
        except BaseException:  # noqa: BLE001 (also what was raised from outside, beside the task itself)
            self._failure = ExceptionInfo()

    def _tell(self) -> None:
        """Tell how it went, and acknowledge it."""
        if self._failure is not None:
            self.request.on_failure(self._failure)
        else:
            self.request.on_success(self._done)

    def _interruptibly(self) -> Any:  # noqa: ANN401
        self._thread, self._begun = threading.get_ident(), time.monotonic()
        try:
            return self._call()
        finally:
            with self._lock:
                thread, self._thread = self._thread, None
                _raise_in(thread, None)  # what has been raised a moment too late

    def interrupt(self, why: type[Interrupted]) -> None:
        """Raise something in the job's thread, if it is at it."""
        with self._lock:
            if self._thread is not None:
                _raise_in(self._thread, why)

    def seconds(self) -> float:
        """For how long it has been at it; 0 before and after."""
        begun = self._begun
        return 0.0 if begun is None or self._thread is None else time.monotonic() - begun

    def terminate(self, signal: int | None = None) -> None:
        """End it, because somebody wants that (`revoke(terminate=True)`, Flower's button). Celery asks twice."""
        del signal
        if self._is_terminated:
            return
        self._is_terminated = True
        if self._thread is not None:
            threading.Thread(target=self._on_terminate, args=(self,), name="terminate", daemon=True).start()


def _raise_in(thread: int | None, what: type[Interrupted] | None) -> None:
    """Let a thread meet with an exception; None takes back one that it has not met with yet."""
    if thread is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(what) if what else None)
