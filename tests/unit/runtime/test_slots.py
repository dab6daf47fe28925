"""Waiting costs no slot, and whoever has waited goes on before whoever begins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from workers.runtime.slots import Slots, hold_a_slot, holding, in_a_hook, until_it_waits, without_slot

_SOON = 10.0


@contextmanager
def thread(work: Callable[[], None]) -> Iterator[threading.Thread]:
    made = threading.Thread(target=work, daemon=True)
    made.start()
    yield made
    made.join(_SOON)
    assert not made.is_alive()


def test_there_are_as_many_slots_as_were_asked_for() -> None:
    slots = Slots(2)
    assert [slots.try_take() for _ in range(3)] == [True, True, False]
    slots.give()
    assert slots.try_take()


def test_whoever_waits_holds_none_and_holds_one_again_afterwards() -> None:
    slots = Slots(1)
    assert slots.try_take()
    with holding(slots):
        with without_slot(), without_slot():  # once is enough
            assert slots.try_take()
            slots.give()
        assert not slots.try_take()
    assert slots.try_take()


def test_whoever_learns_that_it_only_waits_gives_its_slot_back_until_that_is_over() -> None:
    slots = Slots(1)
    assert slots.try_take()
    with holding(slots):
        with until_it_waits() as give_back:
            assert not slots.try_take()
            for _ in range(2):
                give_back()
            assert slots.try_take()
            slots.give()
        assert not slots.try_take()
        with until_it_waits():
            pass
        assert not slots.try_take()
    assert slots.try_take()


def test_only_so_many_wait_for_a_child_as_may_wait_for_hooks() -> None:
    slots = Slots(1, hooks=1)
    assert slots.hooks is not None
    assert slots.try_take()
    with holding(slots):
        assert slots.hooks.try_take()
        with until_it_waits() as give_back:
            give_back()
            assert not slots.try_take()
            slots.hooks.give()
            for _ in range(2):
                give_back()
            assert slots.try_take()
            assert not slots.hooks.try_take()
            slots.give()
        assert slots.hooks.try_take()
        assert not slots.try_take()


def test_whoever_has_waited_goes_on_before_whoever_begins() -> None:
    freed = threading.Event()
    slots = Slots(1, when_free=freed.set)
    waits, goes_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with holding(slots):
            with without_slot():
                waits.set()
                assert goes_on.wait(_SOON)
            done.set()

    assert slots.try_take()
    with thread(work):
        assert waits.wait(_SOON)
        assert freed.is_set()
        assert slots.try_take()
        goes_on.set()
        while not slots._returning:
            pass
        freed.clear()
        slots.give()
        assert done.wait(_SOON)
    assert freed.wait(_SOON)  # only when the first had ended, too
    assert slots.try_take()


def test_a_thread_that_holds_none_takes_part_in_nothing() -> None:
    with without_slot(), in_a_hook():
        pass


def test_what_is_raised_while_it_waits_leaves_it_with_its_slot_and_its_end_gives_that_back() -> None:
    slots = Slots(1)
    assert slots.try_take()
    with pytest.raises(ValueError, match="cancelled"), holding(slots), without_slot():
        raise ValueError("cancelled")  # noqa: EM101
    assert slots.try_take()
    assert not slots.try_take()


def test_whoever_only_ends_then_goes_on_without_one_until_there_is_work_after_all() -> None:
    slots = Slots(1)
    assert slots.try_take()
    with holding(slots):
        with without_slot(then_only_ends=True):
            pass
        assert slots.try_take()
        slots.give()
        hold_a_slot()
        hold_a_slot()
        assert not slots.try_take()
        with pytest.raises(ValueError, match="not well"), without_slot(then_only_ends=True):
            raise ValueError("not well")  # noqa: EM101, TRY003
        assert not slots.try_take()
    assert slots.try_take()
    hold_a_slot()  # a thread that has to do with none


def test_what_interrupts_the_wait_for_a_slot_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = Slots(1)
    assert slots.try_take()

    def interrupted(self: threading.Event, timeout: float | None = None) -> bool:
        del self, timeout
        slots.give()  # the slot has come, too late
        raise TimeoutError

    monkeypatch.setattr(threading.Event, "wait", interrupted)
    with pytest.raises(TimeoutError):
        slots.take()
    assert slots.try_take()
    assert not slots.try_take()


def test_hooks_hold_no_slot_and_are_bounded_by_themselves() -> None:
    slots = Slots(1, hooks=1)
    assert slots.try_take()
    assert slots.hooks is not None
    with holding(slots), in_a_hook():
        assert slots.try_take()
        slots.give()
        assert not slots.hooks.try_take()
    assert slots.hooks.try_take()
