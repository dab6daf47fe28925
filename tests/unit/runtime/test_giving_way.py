"""Giving way: without a slot, until others are at rest, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workers.runtime import giving_way
from workers.runtime.giving_way import give_way, give_way_to
from workers.runtime.slots import Slots, holding


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Time that goes by only when somebody sleeps."""
    slept: list[float] = []
    monkeypatch.setattr(giving_way, "sleep", slept.append)
    monkeypatch.setattr(giving_way, "monotonic", lambda: sum(slept))
    yield slept
    give_way_to(bool)


def test_it_ends_when_nobody_is_at_work_any_more(slept: list[float]) -> None:
    give_way_to(lambda: sum(slept) < 0.5)
    give_way(least=0.1, most=9)
    assert sum(slept) == pytest.approx(0.5, abs=0.03)


def test_who_is_to_be_given_way_to_may_not_have_begun_yet(slept: list[float]) -> None:
    give_way(least=0.1, most=9)
    assert sum(slept) == pytest.approx(0.1, abs=0.03)


def test_it_does_not_last_for_ever(slept: list[float]) -> None:
    give_way_to(lambda: True)
    give_way(least=0.1, most=2)
    assert sum(slept) == pytest.approx(2, abs=0.03)


def test_meanwhile_somebody_else_has_the_slot() -> None:
    slots = Slots(1)
    seen = []

    def is_at_work() -> bool:
        seen.append(slots.is_used)
        return False

    give_way_to(is_at_work)
    assert slots.try_take()
    with holding(slots):
        give_way(least=0, most=1)
        assert slots.is_used
    assert seen == [False]
