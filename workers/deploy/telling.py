"""What a deployment says while it is under way, sent on together: a round trip for each line is half of its work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from workers.adapters.state.past_deployment import EndedStep
from workers.model.errors import RedisUnavailable


class Telling:
    """Lines and steps that wait until somebody sends them on; what is sent while Redis is away is lost.

    Args:
        tell: sends lines and steps.
    """

    def __init__(self, tell: Callable[[Sequence[str], Sequence[EndedStep]], None]) -> None:
        self._tell = tell
        self._waiting = threading.Lock()
        self._sending = threading.Lock()
        self._lines: list[str] = []
        self._steps: list[EndedStep] = []

    def say(self, lines: Sequence[str]) -> None:
        """Take lines, in their order."""
        with self._waiting:
            self._lines += lines

    def note(self, step: EndedStep) -> None:
        """Take a step that has ended."""
        with self._waiting:
            self._steps.append(step)

    def send(self) -> None:
        """Send what has waited, in its order; nothing is sent when nothing has."""
        with self._sending:
            with self._waiting:
                lines, self._lines = self._lines, []
                steps, self._steps = self._steps, []
            if lines or steps:
                with suppress(RedisUnavailable):
                    self._tell(lines, steps)
