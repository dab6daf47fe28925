"""Ids of runs and deployments: short, sorted by time, safe in URLs, file names and Redis keys."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_TIME_DIGITS = 9  # 45 bits of milliseconds last beyond the year 3000
_RANDOM_DIGITS = 5


def new_id(milliseconds: int | None = None) -> str:
    """Make an id of 14 characters; a later one sorts after an earlier one.

    Args:
        milliseconds: the time since the epoch; now by default.
    """
    moment = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    return _digits(moment, _TIME_DIGITS) + _digits(secrets.randbits(5 * _RANDOM_DIGITS), _RANDOM_DIGITS)


def milliseconds_of(identifier: str) -> int:
    """The time at which an id was made, in milliseconds since the epoch."""
    moment = 0
    for digit in identifier[:_TIME_DIGITS]:
        moment = moment * 32 + _ALPHABET.index(digit)
    return moment


def time_of(identifier: str) -> datetime:
    """The same as a time; that of the epoch for what is no id."""
    try:
        return datetime.fromtimestamp(milliseconds_of(identifier) / 1000, UTC)
    except (OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def _digits(number: int, count: int) -> str:
    digits = ""
    for _ in range(count):
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return digits
