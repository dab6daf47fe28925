"""Whoever does what nobody waits for gives way to what somebody waits for, in the same process.

Threads share one interpreter: a thousand stacks that are looked at while one is deployed made its `docker compose up`
start a quarter later.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from workers.runtime.slots import without_slot

_EVERY = 0.02  # seconds

_is_at_work: Callable[[], bool] = bool


def give_way_to(is_at_work: Callable[[], bool]) -> None:
    """Let this process's background work give way while something is so."""
    global _is_at_work  # noqa: PLW0603 (a process has one pool)
    _is_at_work = is_at_work


def give_way(*, least: float, most: float) -> None:
    """Wait, without a slot, while others are at work.

    Args:
        least: seconds to wait in any case, so that they have begun.
        most: seconds after which it goes on all the same.
    """
    began = monotonic()
    with without_slot():
        while (waited := monotonic() - began) < most and (waited < least or _is_at_work()):
            sleep(_EVERY)
