"""Times and durations as people say them; the exact time is shown beside (`title`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_UNITS = ((86_400 * 365, "y"), (86_400 * 30, "mo"), (86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_JUST_NOW = 5
_TENTHS_UNTIL = 10
_TO_THE_SECOND = len("2026-11-23 13:34:16")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time.

    Attributes:
        ago: relative to the moment of drawing, such as `3 min ago` or `in 20 s`.
        exact: in UTC, to the second.
        machine: as RFC 3339.
    """

    ago: str
    exact: str
    machine: str


class Times:
    """Makes moments, all relative to one time.

    Args:
        now: it.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now()
        self._seconds = self.now.timestamp()
        self._made: dict[str, Moment | None] = {}

    def moment(self, text: str | None) -> Moment | None:
        """A stored time; None where there is none, or what is none."""
        if not text:
            return None
        if text not in self._made:  # of a thousand stacks many were looked at in the same second
            self._made[text] = self._make(text)
        return self._made[text]

    def _make(self, text: str) -> Moment | None:
        read = _read(text)
        return Moment(relative(self._seconds - read[0]), read[1], text) if read else None

    def in_seconds(self, seconds: float) -> Moment:
        """The time so many seconds from now, at which something is due."""
        at = self.now + timedelta(seconds=seconds)
        said = "any moment" if seconds < _JUST_NOW else relative(-seconds)
        return Moment(said, f"{at:%Y-%m-%d %H:%M:%S} UTC", at.isoformat())

    def seconds_since(self, text: str | None) -> float | None:
        """How long ago a stored time was; None where there is none."""
        read = _read(text) if text else None
        return self._seconds - read[0] if read else None


@lru_cache(maxsize=8192)
def _read(text: str) -> tuple[float, str] | None:
    """A stored time in seconds, and as people read it; each is looked at again and again while only its age changes."""
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
    # As text of which the rest is cut off: `strftime` takes longer than all else of a thousand times.
    return at.timestamp(), f"{str(at)[:_TO_THE_SECOND]} UTC"


def relative(seconds: float) -> str:
    """`3 min ago`, `in 20 s`, `just now`."""
    if abs(seconds) < _JUST_NOW:
        return "just now"
    said = coarse(abs(seconds))
    return f"{said} ago" if seconds > 0 else f"in {said}"


def coarse(seconds: float) -> str:
    """A duration in its largest unit."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def lasting(seconds: float | None) -> str:
    """A duration in two units at most: `0.4 s`, `12 s`, `3 min 5 s`; nothing where it is not known."""
    if seconds is None:
        return ""
    if seconds < _TENTHS_UNTIL:
        return f"{max(seconds, 0):.1f} s"
    whole = int(seconds)
    for size, unit, smaller, name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit} {rest} {name}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def seconds_between(start: str | None, end: str | None) -> float | None:
    """How long it was from one stored time to another; None where one is not known."""
    if not start or not end:
        return None
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:
        return None
