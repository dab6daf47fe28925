"""How often wrong tokens may be tried: a few times a minute from one place, so that guessing leads nowhere.

Each process counts by itself and in memory: who guesses costs Redis nothing, and nobody is locked out for long.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable

from werkzeug.exceptions import TooManyRequests

MOST_WRONG = 10
WINDOW_SECONDS = 60.0
_MOST_PLACES = 10_000  # beyond, who was counted first is forgotten
_HOME_PREFIX = 64  # bits of an IPv6 address that one customer has for himself


class Guesses:
    """Wrong tokens by where they came from; threads may share it.

    Args:
        clock: the time in seconds, that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def check(self, address: str | None) -> None:
        """Let somebody try, or not: while too many were wrong, a right token does not count either.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        count, end = self._wrong.get(_place(address), (0, 0.0))
        left = end - self._clock()
        if count >= MOST_WRONG and left > 0:
            message = "too many wrong tokens from here; wait a minute"
            raise TooManyRequests(message, retry_after=int(left) + 1)

    def note_wrong(self, address: str | None) -> None:
        """Count a wrong token."""
        place, now = _place(address), self._clock()
        with self._lock:
            count, end = self._wrong.pop(place, (0, 0.0))
            self._wrong[place] = (count + 1, end) if now < end else (1, now + WINDOW_SECONDS)
            while len(self._wrong) > _MOST_PLACES:
                del self._wrong[next(iter(self._wrong))]


def _place(address: str | None) -> str:
    """Whom an address stands for: of IPv6, all that one customer has."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _HOME_PREFIX), strict=False))
