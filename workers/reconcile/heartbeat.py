"""Every worker says, four times a minute, which queues it consumes: `/readyz` and `/metrics` then need not ask it.

It says so from the loop that consumes, so a worker whose loop hangs falls silent; not by Celery's own heartbeat, which
some turn off.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from celery import signals

from workers.adapters.state.connection import connect
from workers.adapters.state.liveness import Liveness
from workers.celery import app
from workers.model.errors import RedisUnavailable
from workers.runtime.settings import load_settings

_EVERY_SECONDS = 15.0
_TIMEOUT_SECONDS = 1.0  # the loop that consumes must not wait for long


class Heartbeat:
    """Says which queues are consumed, at once and then every fifteen seconds."""

    def __init__(self, liveness: Liveness) -> None:
        self._liveness = liveness
        self._entry: Any = None

    def start(self, timer: Any, queues: Iterable[str]) -> None:  # noqa: ANN401 (kombu's timer)
        """Begin, or begin again: the timer of a worker that has lost its broker is emptied.

        Args:
            timer: that of the loop that consumes.
            queues: those that are consumed, now and whenever it is said.
        """
        if self._entry is not None:
            self._entry.cancel()
        self.beat(queues)
        self._entry = timer.call_repeatedly(_EVERY_SECONDS, self.beat, (queues,))

    def beat(self, queues: Iterable[str]) -> None:
        """Say that these queues are consumed, unless Redis is away."""
        with contextlib.suppress(RedisUnavailable):
            self._liveness.beat(queues)


@cache
def _of_this_process() -> Heartbeat:
    return Heartbeat(Liveness(connect(load_settings().state_url, timeout=_TIMEOUT_SECONDS, retries=0)))


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _start(sender: Any = None, **_: object) -> None:  # noqa: ANN401 (Celery's consumer)
    """Sent at every (re)connection."""
    _of_this_process().start(sender.timer, app.amqp.queues.consume_from)
