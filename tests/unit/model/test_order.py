"""Who waits for whom: only those with something to do are in anybody's way."""

from __future__ import annotations

from workers.model.order import predecessors, with_makers_of_way
from workers.model.stack import Options, Stack


def stack(name: str, *after: str) -> Stack:
    return Stack("prod", name, "r", name, "main", "local", "unix:///d", name, Options(after=after))


def waits(stacks: list[Stack], *active: str) -> dict[str, tuple[str, ...]]:
    found = predecessors(stacks, {f"prod/{name}" for name in active})
    return {
        name.removeprefix("prod/"): tuple(each.removeprefix("prod/") for each in after) for name, after in found.items()
    }


def test_a_stack_waits_for_those_that_it_comes_after() -> None:
    assert waits([stack("app", "db"), stack("db")], "app", "db") == {"db": (), "app": ("db",)}


def test_a_stack_that_needs_nothing_holds_nobody_back() -> None:
    assert waits([stack("app", "db"), stack("db")], "app") == {"app": ()}


def test_a_stack_that_needs_nothing_hands_on_what_it_comes_after() -> None:
    assert waits([stack("app", "api"), stack("api", "db"), stack("db")], "app", "db") == {"db": (), "app": ("db",)}


def test_a_stack_that_is_not_in_the_run_is_no_part_of_the_order() -> None:
    assert waits([stack("app", "elsewhere")], "app") == {"app": ()}


def test_one_that_cannot_be_looked_at_is_waited_for() -> None:
    assert waits([stack("app", "broken")], "app", "broken") == {"app": ("broken",)}


def test_everybody_stands_behind_those_whom_they_wait_for() -> None:
    order = list(waits([stack("a", "b"), stack("b", "c"), stack("c", "d"), stack("d")], "a", "b", "c", "d"))
    assert order == ["d", "c", "b", "a"]


def test_a_circle_stops_nobody() -> None:
    assert set(waits([stack("a", "b"), stack("b", "a")], "a", "b")) == {"a", "b"}


def made_way(waits: dict[str, tuple[str, ...]], **makers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return with_makers_of_way(waits, makers)


def test_who_makes_way_comes_first_and_may_be_no_stack_of_the_run() -> None:
    found = made_way({"to": (), "from": ()}, to=("from", "gone"))
    assert found == {"from": (), "to": ("from", "gone")}
    assert list(found) == ["from", "to"]


def test_a_wish_that_would_close_a_circle_is_left_out() -> None:
    assert made_way({"a": ("b",), "b": ("c",), "c": ()}, c=("a",)) == {"a": ("b",), "b": ("c",), "c": ()}
    found = made_way({"a": (), "b": ()}, a=("b",), b=("a",))
    assert sorted(found.values()) == [(), ("b",)]


def test_whoever_is_not_held_back_waits_for_nobody() -> None:
    assert made_way({"a": ()}, unknown=("a",)) == {"a": ()}
