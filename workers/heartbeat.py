"""Every worker says, every few seconds, which queues it consumes: `/readyz` and `/metrics` then need not ask it.

Celery's own heartbeat comes from the loop that consumes, so a worker whose loop hangs falls silent here too.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from functools import cache

from celery import signals

from workers.celery import app
from workers.errors import RedisUnavailable
from workers.settings import load_settings
from workers.state.connection import connect
from workers.state.liveness import Liveness

_EVERY_SECONDS = 5.0
_TIMEOUT_SECONDS = 1.0  # the loop that consumes must not wait for long


class Heartbeat:
    """Says so at most every five seconds."""

    def __init__(self, liveness: Liveness) -> None:
        self._liveness = liveness
        self._next = 0.0

    def beat(self, queues: Iterable[str]) -> None:
        """Say that these queues are consumed, unless that was said just now or Redis is away."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        with contextlib.suppress(RedisUnavailable):
            self._liveness.beat(queues)


@cache
def _of_this_process() -> Heartbeat:
    return Heartbeat(Liveness(connect(load_settings().state_url, timeout=_TIMEOUT_SECONDS, retries=0)))


@signals.heartbeat_sent.connect  # type: ignore[untyped-decorator]
def _beat(**_: object) -> None:
    _of_this_process().beat(app.amqp.queues.consume_from)
