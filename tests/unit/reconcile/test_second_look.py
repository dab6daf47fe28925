"""When a stack is looked at whose containers have changed."""

from __future__ import annotations

from workers.reconcile.second_look import HEALED_AFTER, SHOWN_AFTER, SecondLook

PACE = 300.0


def test_a_stack_is_shown_soon_and_healed_once_all_has_been_quiet() -> None:
    looks = SecondLook(PACE)
    looks.changed(["a"], 0.0)
    looks.changed(["a", "b"], 0.25)
    assert (looks.to_show(0.2), looks.to_heal(0.2)) == ((), ())
    assert sorted(looks.to_show(0.25 + SHOWN_AFTER)) == ["a", "b"]
    assert looks.to_show(1.0) == ()
    looks.changed(["a"], 5.0)
    assert looks.to_heal(0.25 + HEALED_AFTER) == ("b",)
    assert looks.to_heal(5.0 + HEALED_AFTER) == ("a",)


def test_while_somebody_is_stopping_something_nobody_looks() -> None:
    looks = SecondLook(PACE)
    looks.changed(["a"], 0.0, not_before=60.0)
    assert (looks.to_show(59.0), looks.to_heal(59.0)) == ((), ())
    looks.changed(["a"], 20.0)
    assert looks.to_show(20.0 + SHOWN_AFTER) == ("a",)
    assert looks.to_heal(20.0 + HEALED_AFTER) == ("a",)


def test_what_was_healed_is_left_to_reconcile_for_as_long_as_that_takes() -> None:
    looks = SecondLook(PACE)
    looks.healed(["a"], 0.0)
    looks.changed(["a"], 10.0)
    assert (looks.to_show(50.0), looks.to_heal(50.0)) == (("a",), ())
    looks.changed(["a"], PACE)
    assert looks.to_heal(PACE + HEALED_AFTER) == ("a",)
    looks.healed(["a"], PACE)
    looks.begin_anew()
    looks.changed(["a"], PACE + 1.0)
    assert looks.to_heal(PACE + 1.0 + HEALED_AFTER) == ("a",)


def test_it_is_known_how_long_nothing_is_due() -> None:
    looks = SecondLook(PACE)
    assert looks.seconds_left(0.0, 5.0) == 5.0
    looks.changed(["a"], 0.0)
    assert looks.seconds_left(0.0, 5.0) == SHOWN_AFTER
    assert looks.seconds_left(9.0, 5.0) == 0.0
