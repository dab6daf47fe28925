"""Where a stack is to be: at the newest commit, where somebody has rolled it back to, or nowhere any more. Pure.

A pin is what is wanted, like the newest commit is otherwise. So a rollback that was killed goes on at the next look,
and drift is healed to what the stack was rolled back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from workers.adapters.state.marks import Pin
from workers.model.errors import UnknownName


class Commits(Protocol):
    """What is asked of a stack's commits."""

    def resolve(self, revision: str) -> str:
        """A commit in full; UnknownName where there is none."""
        ...

    def content(self, commit: str) -> str:
        """What tells the content at a commit from that at others."""
        ...


@dataclass(frozen=True, slots=True)
class At:
    """At `commit`, because of `pin`, or because it is the newest one when there is no pin."""

    commit: str
    pin: Pin | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether somebody waits for the stack to be rolled back there."""
        return self.pin is not None and not self.pin.reached


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Where `pin` says, which is no commit, as `problem` tells."""

    pin: Pin
    problem: str


@dataclass(frozen=True, slots=True)
class NoRef:
    """Nobody knows: the ref that the stack follows is not there."""


Target: TypeAlias = At | OutOfReach | NoRef


def target_of(commits: Commits, pin: Pin | None, newest: str | None) -> Target:
    """Where a stack is to be.

    Args:
        commits: of its repo.
        pin: its pin, if it has one.
        newest: the newest commit of its ref; None when that is not there.
    """
    if newest is None:
        return NoRef()
    standing = standing_pin(commits, pin, newest)
    if standing is None:
        return At(newest)
    try:
        return At(commits.resolve(standing.commit), standing)
    except UnknownName as error:
        return OutOfReach(standing, str(error))


def standing_pin(commits: Commits, pin: Pin | None, newest: str) -> Pin | None:
    """The pin unless it has ended: one until the next push ends with the first push that changes this stack."""
    if pin is None or pin.until != "push" or not pin.head or pin.head == newest:
        return pin
    return pin if commits.content(pin.head) == commits.content(newest) else None
