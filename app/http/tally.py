"""Counting without waiting: a request adds in memory, and what was added reaches Redis a moment later.

Every gunicorn process counts, and a scrape reaches any one of them, so the sums have to be common to all.
"""

from __future__ import annotations

import threading
from collections import Counter

from app.http.later import Later
from workers.adapters.state.counters import Counters
from workers.model.errors import RedisUnavailable


class Tally:
    """Counts of one process on their way to everybody's counters; threads may share it."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._later = Later(self.flush)

    def add(self, *name: str) -> None:
        """Count one more of a family with these labels' values."""
        with self._lock:
            self._counts[":".join(name)] += 1
        self._later.ask()

    def flush(self) -> None:
        """Hand over what was counted; while Redis is away it is kept for later."""
        self._later.begin()
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            self._counters.add(counts)
        except RedisUnavailable:
            with self._lock:
                self._counts.update(counts)
