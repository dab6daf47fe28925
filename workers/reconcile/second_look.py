"""When a stack whose containers have changed is looked at: soon, to show what has become of it; later, to heal it.

Whoever is at work on containers by hand is at it for more than a moment, and Compose does one thing after another. So
nothing is healed before all has been quiet for a while, nor twice between two reconciles: what does not last is left to
their pace. Time is an argument, in seconds of any clock that only goes forward.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

SHOWN_AFTER = 0.3
HEALED_AFTER = 10.0


class SecondLook:
    """The stacks that have to be looked at.

    Args:
        pace: seconds between two healings of a stack that are not left to reconcile.
    """

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._shown: dict[str, float] = {}
        self._healed: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def changed(self, stacks: Iterable[str], at: float, not_before: float = 0.0) -> None:
        """Look at these again.

        Args:
            stacks: their ids.
            at: now.
            not_before: and at nothing of them earlier than that: somebody is stopping one of their containers.
        """
        for stack in stacks:
            self._shown[stack] = max(at + SHOWN_AFTER, not_before)
            if at >= self._last.get(stack, -math.inf) + self._pace:
                self._healed[stack] = max(at + HEALED_AFTER, not_before)

    def to_show(self, at: float) -> tuple[str, ...]:
        """Those whose time to be shown has come; they are taken."""
        return _taken(self._shown, at)

    def to_heal(self, at: float) -> tuple[str, ...]:
        """Those whose time to be healed has come; they are taken."""
        return _taken(self._healed, at)

    def healed(self, stacks: Iterable[str], at: float) -> None:
        """Note that something is being done about these."""
        self._last |= dict.fromkeys(stacks, at)

    def begin_anew(self) -> None:
        """The engine is back: what it has ended does not wait because of what was healed before."""
        self._last.clear()

    def seconds_left(self, at: float, most: float) -> float:
        """How long nothing is to be looked at, at most so long."""
        due = min([*self._shown.values(), *self._healed.values()], default=math.inf)
        return min(max(due - at, 0.0), most)


def _taken(due: dict[str, float], at: float) -> tuple[str, ...]:
    found = tuple(stack for stack, moment in due.items() if moment <= at)
    for stack in found:
        del due[stack]
    return found
