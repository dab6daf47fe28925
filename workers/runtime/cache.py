"""A cache with a bound, for what is known of immutable things by their id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class BoundedCache(Generic[_Value]):
    """A cache in two generations: what the older half has not been asked for is forgotten with it.

    Reading takes no lock: a lookup is one or two dictionary reads, and the worst that threads can do to each
    other is to load something twice.

    Args:
        limit: the most that the values may cost together.
        cost: what one costs, in bytes for example.
    """

    def __init__(self, limit: int, cost: Callable[[_Value], int]) -> None:
        self._half = limit // 2
        self._cost = cost
        self._used = 0
        self._young: dict[str, _Value] = {}
        self._old: dict[str, _Value] = {}

    def get(self, key: str) -> _Value | None:
        """The value, or None."""
        value = self._young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self.put(key, value)
        return value

    def put(self, key: str, value: _Value) -> None:
        """Keep a value."""
        self._used += self._cost(value)
        if self._used > self._half:
            self._old, self._young, self._used = self._young, {}, self._cost(value)
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
