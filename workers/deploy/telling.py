"""What a deployment says while it is under way, sent on together: a round trip for each line is half of its work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from workers.adapters.state.past_deployment import EndedStep
from workers.model.errors import RedisUnavailable

_LATEST_SECONDS = 0.25  # what is said later than this after the last sending is sent at once, with what has waited


class Telling:
    """Lines and steps on their way; whatever has waited while Redis was away is lost.

    Args:
        tell: sends lines and steps.
    """

    def __init__(self, tell: Callable[[Sequence[str], Sequence[EndedStep]], None]) -> None:
        self._tell = tell
        self._waiting = threading.Lock()
        self._sending = threading.Lock()
        self._lines: list[str] = []
        self._steps: list[EndedStep] = []
        self._sent_at = time.monotonic()

    def say(self, lines: Sequence[str]) -> None:
        """Take lines, in their order."""
        with self._waiting:
            self._lines += lines
        self._send_in_time()

    def note(self, step: EndedStep) -> None:
        """Take a step that has ended."""
        with self._waiting:
            self._steps.append(step)
        self._send_in_time()

    def send(self) -> None:
        """Send what has waited, in its order; nothing is sent when nothing has."""
        with self._sending:
            with self._waiting:
                lines, self._lines = self._lines, []
                steps, self._steps = self._steps, []
                self._sent_at = time.monotonic()
            if lines or steps:
                with suppress(RedisUnavailable):
                    self._tell(lines, steps)

    def _send_in_time(self) -> None:
        if time.monotonic() - self._sent_at >= _LATEST_SECONDS:
            self.send()
