"""A worker's clock: what failed before anything was touched is tried again when its time has come, not some time later.

The times stand in Redis, so a restart forgets none. One thread of the worker that consumes the quick queue looks every
few seconds, which is one request to Redis as long as nothing is due.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from typing import Any

from celery import signals

from workers.celery import app, pull_queue
from workers.model.errors import TeguError
from workers.reconcile.obstructed import try_due
from workers.runtime.logs import get_logger
from workers.services import Services, build_services

log = get_logger(__name__)

EVERY_SECONDS = 5.0


class Clock:
    """Looks for what is due until it is stopped.

    Args:
        services: for this thread alone.
        every: seconds between two looks.
    """

    def __init__(self, services: Services, every: float = EVERY_SECONDS) -> None:
        self._services = services
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="what is due", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the look under way."""
        self._stopped.set()
        self._thread.join()
        self._services.close()

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                try_due(self._services, datetime.now(UTC))
            except TeguError as error:
                log.warning("not looked for what is due", error=str(error))
            except Exception:
                log.exception("a bug in looking for what is due")


@cache
def _of_this_process() -> Clock:
    made = Clock(build_services())
    made.start()
    return made


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _start(sender: Any = None, **_: object) -> None:  # noqa: ANN401 (Celery's consumer)
    """Sent at every (re)connection."""
    if pull_queue(app.conf.tegu_worker) in sender.app.amqp.queues.consume_from:
        _of_this_process()
