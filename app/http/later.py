"""Doing something a moment later, once for all that have asked for it by then: an answer never waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

_DELAY_SECONDS = 1.0


class Later:
    """One thing to be done later; threads may share it.

    Args:
        act: what is done, in a thread of its own. It calls `begin` first.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Let it be done within a second."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_DELAY_SECONDS, self._act)
                self._timer.daemon = True
                self._timer.start()

    def begin(self) -> None:
        """It is being done now: whoever asks from here on, asks for the next time."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
