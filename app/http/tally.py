"""Counting without waiting: a request adds in memory, and what was added reaches Redis a moment later.

Every gunicorn process counts, and a scrape reaches any one of them, so the sums have to be common to all.
"""

from __future__ import annotations

import threading
from collections import Counter

from workers.adapters.state.counters import Counters
from workers.model.errors import RedisUnavailable

_DELAY_SECONDS = 1.0


class Tally:
    """Counts of one process on their way to everybody's counters; threads may share it."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._timer: threading.Timer | None = None

    def add(self, *name: str) -> None:
        """Count one more of a family with these labels' values."""
        with self._lock:
            self._counts[":".join(name)] += 1
            if self._timer is None:
                self._timer = threading.Timer(_DELAY_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Hand over what was counted; while Redis is away it is kept for later."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not counts:
            return
        try:
            self._counters.add(counts)
        except RedisUnavailable:
            with self._lock:
                self._counts.update(counts)
