"""Noting webhooks without waiting: an answer is given first, and Redis hears of the delivery a moment later.

Who knows no secret can make us write, so only so much is kept in between, and only of repos that there are.
"""

from __future__ import annotations

import threading
from collections import deque

from app.http.later import Later
from workers.adapters.state.deliveries import Deliveries, Delivery
from workers.model.errors import RedisUnavailable

_MOST_WAITING = 200


class DeliveryBook:
    """Deliveries of one process on their way to where everybody sees them; threads may share it."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._lock = threading.Lock()
        self._waiting: deque[Delivery] = deque(maxlen=_MOST_WAITING)
        self._later = Later(self.flush)

    def note(self, delivery: Delivery) -> None:
        """Note a delivery."""
        with self._lock:
            self._waiting.append(delivery)
        self._later.ask()

    def flush(self) -> None:
        """Hand over what was noted; while Redis is away the newest are kept for later."""
        self._later.begin()
        with self._lock:
            noted = tuple(self._waiting)
            self._waiting.clear()
        if not noted:
            return
        try:
            self._deliveries.add(noted)
        except RedisUnavailable:
            with self._lock:
                self._waiting.extendleft(reversed(noted[: _MOST_WAITING - len(self._waiting)]))
