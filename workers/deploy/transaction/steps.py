"""The named steps of a deployment: timed, noted, and known to whoever wants to look between them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum

from workers.model.errors import Cancelled


class Step(StrEnum):
    """Every step, in order. Up to `CHECK` nothing that runs and no live file is touched.

    A removal of a stack has only the last three. `CARRY`, each part of carrying a stack over to another name, comes
    before a deployment and is no part of it.
    """

    CARRY = "carry over"
    STAGE = "stage"
    VALIDATE = "validate"
    REMEMBER = "remember images"
    BUILD = "build"
    PULL = "pull"
    CHECK = "check"
    INTEND = "intend"
    SWITCH = "switch"
    BRING = "bring data along"
    SWITCHED = "switched"
    BEFORE = "hooks before"
    MAKE_ROOM = "make room"
    VOLUMES = "make volumes anew"
    READY = "make ready"
    UP = "up"
    REST = "what up misses"
    AFTER = "hooks after"
    HEALTH = "wait until healthy"
    REMOVE = "remove"
    RECORD = "record"
    CLEAR = "clear"


# Where a deployment may still be stopped: before anything is touched, and afterwards for as long as it can go back.
_MAY_STOP = frozenset(Step) - {Step.SWITCH, Step.BRING, Step.SWITCHED, Step.REMOVE, Step.RECORD, Step.CLEAR}


class Steps:
    """Times the steps of one deployment.

    Args:
        note: is given the name and the seconds of every step that has ended, whether well or not.
        begun: is told of every step that begins.
        stop: is set when somebody wants the deployment stopped; steps at which it can be stopped then do not begin.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        note: Callable[[str, float], None],
        begun: Callable[[Step], None] = lambda _: None,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._note = note
        self._begun = begun
        self._stop = stop
        self._clock = clock
        self.current: Step | None = None

    @contextlib.contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Do something as this step.

        Raises:
            Cancelled: instead of beginning it.
        """
        self.current = step
        self._begun(step)
        if self._stop is not None and self._stop.is_set() and step in _MAY_STOP:
            message = "the deployment was cancelled"
            raise Cancelled(message)
        began = self._clock()
        try:
            yield
        finally:
            self._note(step.value, self._clock() - began)

    def unstoppable(self) -> Steps:
        """The same for the way back, which nobody can stop."""
        return Steps(self._note, self._begun, clock=self._clock)
