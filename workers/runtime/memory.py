"""How much memory threads may take."""

from __future__ import annotations

import contextlib
import ctypes

_M_ARENA_MAX = -8  # malloc.h of glibc
_ARENAS = 2


def share_arenas() -> None:
    """Let all threads allocate from two arenas; nothing where there is no glibc.

    By default each thread gets one of its own, up to eight for each core, and what it has freed there stays with it
    (mallopt(3)). Threads that hold one lock to run Python at all gain nothing by that.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
