"""A stack that somebody has rolled back: the commit that it is to be at, and when its pin has ended.

A pin is what is wanted, like the newest commit is otherwise. So a rollback that was killed goes on at the next look,
and drift is healed to what the stack was rolled back to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.changes.closure import take_snapshot
from workers.model.errors import InvalidStack, UnknownName
from workers.model.stack import Stack
from workers.model.words import Action, Decision, Reason
from workers.services import Services

_KEPT = ("id", "commit", "until", "who", "why", "head", "reached", "before")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stack is to be: `commit`, because of `pin`, or because it is the newest one when there is no pin."""

    commit: str
    pin: Mapping[str, Any] | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether somebody waits for the stack to be brought there."""
        return self.pin is not None and not self.pin.get("reached")


def target_of(services: Services, stack: Stack, pin: Mapping[str, Any] | None, newest: str) -> Target:
    """Where a stack is to be.

    Args:
        services: for the clone.
        stack: the stack.
        pin: its pin, if it has one.
        newest: the newest commit of its ref.

    Raises:
        UnknownName: the commit that it was to be rolled back to is none.
    """
    standing = standing_pin(services, stack, pin, newest)
    if standing is None:
        return Target(newest)
    return Target(services.clone(stack.repo).resolve(str(standing["commit"])), standing)


def standing_pin(
    services: Services, stack: Stack, pin: Mapping[str, Any] | None, newest: str
) -> Mapping[str, Any] | None:
    """The pin unless it has ended: one until the next push ends with the first push that changes this stack."""
    head = (pin or {}).get("head")
    if pin is None or pin.get("until") != "push" or not head or head == newest:
        return pin
    return pin if _content(services, stack, head) == _content(services, stack, newest) else None


def settle(services: Services, stack: Stack, target: Target, newest: str, *, good: bool) -> None:
    """Note how a rollback by hand has ended: the stack is pinned, or as before.

    Args:
        services: for the state.
        stack: the stack.
        target: where it was to be.
        newest: the newest commit of its ref.
        good: whether it is there.
    """
    pins, pin = services.state.pins, target.pin
    if pin is None or not target.is_ordered or (pins.get(stack.id) or {}).get("id") != pin.get("id"):
        return
    before = pin.get("before")
    if good:
        kept = {name: pin[name] for name in _KEPT if name in pin and name != "before"}
        pins.pin(stack.id, **{**kept, "commit": target.commit, "head": newest, "reached": True})
    elif before:
        pins.pin(stack.id, **{name: before[name] for name in _KEPT if name in before})
    else:
        pins.release(stack.id)


def left_pinned(stack: Stack, pin: Mapping[str, Any], newest: str) -> Decision:
    """The decision to leave a stack where it was rolled back to."""
    until = "a push changes it" if pin.get("until") == "push" else f"`tegu resume {stack.name}`"
    where = f"rolled back to {str(pin['commit'])[:12]} by {pin.get('who') or 'somebody'}"
    return Decision(stack.id, Action.NONE, Reason.PINNED, newest, message=f"{where}, and stays there until {until}")


def _content(services: Services, stack: Stack, commit: str) -> str:
    """What tells the content of a stack at a commit from that at others."""
    try:
        tree = services.clone(stack.repo).tree(commit)
        return take_snapshot(stack, tree, services.outside(stack), services.key).fingerprint
    except (InvalidStack, UnknownName):
        return commit
