"""What is said of an upgrade of Compose."""

from __future__ import annotations

from workers.commands.upgrade import Upgrade


def test_it_says_what_will_and_what_may_be_recreated_and_when() -> None:
    found = Upgrade("production/web", "5.6.1", ("2.26.1",), ("a", "b"), ("c",))
    assert str(found) == (
        "Compose 5.6.1 is installed; production/web was deployed with 2.26.1: its services a, b will be recreated and "
        "its service c may be recreated when next brought up, for a change or otherwise, and not before"
    )


def test_a_program_is_told_the_same() -> None:
    assert Upgrade("production/web", "5.6.1", ("2.26.1", "2.40.3"), (), ("c",)).to_json() == {
        "installed": "5.6.1",
        "made_with": ("2.26.1", "2.40.3"),
        "recreated": (),
        "maybe": ("c",),
    }
