"""Where a stack is to be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.adapters.state.marks import Pin
from workers.deploy.target import At, NoRef, OutOfReach, Target, target_of
from workers.model.errors import UnknownName

PIN = Pin("old", "release", "me")
UNTIL_PUSH = replace(PIN, until="push", head="head", reached=True)


class Commits:
    """Those that there are, and what the stack is made of at each."""

    def __init__(self, **content: str) -> None:
        self._content = content

    def resolve(self, revision: str) -> str:
        if revision not in self._content:
            raise UnknownName(revision)
        return revision

    def content(self, commit: str) -> str:
        return self._content[commit]


@pytest.mark.parametrize(
    ("pin", "newest", "target"),
    [
        (None, "new", At("new")),
        (None, None, NoRef()),
        (PIN, None, NoRef()),
        (PIN, "new", At("old", PIN)),
        (replace(PIN, commit="nowhere"), "new", OutOfReach(replace(PIN, commit="nowhere"), "nowhere")),
        (UNTIL_PUSH, "head", At("old", UNTIL_PUSH)),
        (UNTIL_PUSH, "elsewhere", At("old", UNTIL_PUSH)),
        (UNTIL_PUSH, "new", At("new")),
        (replace(UNTIL_PUSH, head=None), "new", At("old", replace(UNTIL_PUSH, head=None))),
    ],
)
def test_a_pin_is_where_it_is_to_be_until_it_ends(pin: Pin | None, newest: str | None, target: Target) -> None:
    commits = Commits(old="a", head="b", elsewhere="b", new="c")
    assert target_of(commits, pin, newest) == target


def test_somebody_waits_for_a_rollback_that_is_not_reached() -> None:
    assert At("old", PIN).is_ordered
    assert not At("old", UNTIL_PUSH).is_ordered
    assert not At("new").is_ordered
