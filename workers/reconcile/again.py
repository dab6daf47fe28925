"""A worker's clock: what has its time is done then, by one thread of each worker that consumes the quick queue.

What failed before anything was touched is tried again when its time has come, not some time later: those times stand in
Redis, so a restart forgets none, and looking is one request as long as nothing is due. And the schedule is kept, so
nobody needs a beat.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from time import monotonic
from typing import Any

from celery import signals

from workers.celery import app, pull_queue
from workers.model.errors import TeguError
from workers.reconcile.obstructed import try_due
from workers.reconcile.schedule import Schedule
from workers.runtime.logs import get_logger
from workers.services import Services, services_of_this_process

log = get_logger(__name__)

EVERY_SECONDS = 5.0
_SHORTEST_SECONDS = 0.1


class Clock:
    """Looks for what is due until it is stopped.

    Args:
        services: of this process.
        every: seconds between two looks.
        schedule: sends what is due by it, and gives the seconds until the next.
    """

    def __init__(
        self,
        services: Services,
        every: float = EVERY_SECONDS,
        schedule: Callable[[], float] = lambda: EVERY_SECONDS,
    ) -> None:
        self._services = services
        self._every = every
        self._schedule = schedule
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="what is due", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the look under way."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        pause, looked = self._every, monotonic()
        while not self._stopped.wait(pause):
            pause = self._every
            try:
                if monotonic() - looked >= self._every:
                    looked = monotonic()
                    try_due(self._services, datetime.now(UTC))
                pause = min(pause, max(_SHORTEST_SECONDS, self._schedule()))
            except TeguError as error:
                log.warning("not looked for what is due", error=str(error))
            except Exception:
                log.exception("a bug in looking for what is due")


@cache
def _of_this_process() -> Clock:
    made = Clock(services_of_this_process(), schedule=Schedule(app).tick)
    made.start()
    return made


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _start(sender: Any = None, **_: object) -> None:  # noqa: ANN401 (Celery's consumer)
    """Sent at every (re)connection."""
    if pull_queue(app.conf.tegu_worker) in sender.app.amqp.queues.consume_from:
        _of_this_process()
