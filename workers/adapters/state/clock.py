"""The clock of everything that is stored, so that all times look the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now(later: timedelta = timedelta()) -> str:
    """The time, or one that is so much later, as `text_of` writes it."""
    return text_of(datetime.now(UTC) + later)


def text_of(at: datetime) -> str:
    """A time as RFC 3339 in UTC with milliseconds: `2026-11-23T11:22:33.123Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
