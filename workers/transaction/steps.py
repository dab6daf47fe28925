"""The named steps of a deployment: timed, noted, and known to whoever wants to look between them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from enum import StrEnum


class Step(StrEnum):
    """Every step, in order. Up to `CHECK` nothing that runs and no live file is touched."""

    STAGE = "stage"
    VALIDATE = "validate"
    REMEMBER = "remember images"
    BUILD = "build"
    PULL = "pull"
    CHECK = "check"
    INTEND = "intend"
    SWITCH = "switch"
    SWITCHED = "switched"
    BEFORE = "hooks before"
    UP = "up"
    REST = "what up misses"
    AFTER = "hooks after"
    HEALTH = "wait until healthy"
    RECORD = "record"
    PUBLISH = "publish"
    CLEAR = "clear"


# Called at the beginning of every step. Empty but in a test, which ends the process there.
observers: list[Callable[[Step], None]] = []


class Steps:
    """Times the steps of one deployment.

    Args:
        note: is given the name and the seconds of every step that has ended, whether well or not.
        clock: seconds that only ever grow.
    """

    def __init__(self, note: Callable[[str, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._note = note
        self._clock = clock
        self.current: Step | None = None

    @contextlib.contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Do something as this step."""
        self.current = step
        for observer in observers:
            observer(step)
        began = self._clock()
        try:
            yield
        finally:
            self._note(step.value, self._clock() - began)
