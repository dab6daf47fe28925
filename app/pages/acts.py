"""What somebody can order of a stack, and which of it helps as the stack stands. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from workers.adapters.state.status import StackFacts, status_of
from workers.model.words import Reason, StackStatus


class Act(StrEnum):
    """The last part of the address at which it is looked at and ordered."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    ADOPT = "adopt"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Button:
    """Leads to what would come of an act; `is_first` is the one that helps."""

    label: str
    url: str
    is_first: bool = False


_DEPLOYS = {
    StackStatus.FAILED: "Try again",
    StackStatus.ROLLED_BACK: "Try again",
    StackStatus.STOPPED: "Start",
    StackStatus.DRIFTED: "Put right",
    StackStatus.BLOCKED: "Try again",
    StackStatus.PENDING: "Deploy",
    StackStatus.UNKNOWN: "Deploy",
}
"""How a deployment is called that helps there."""


def address(stack: str, act: Act, **query: str) -> str:
    """Where an act is looked at."""
    given = {name: value for name, value in query.items() if value}
    return f"/stacks/{quote(stack)}/{act}" + (f"?{urlencode(given)}" if given else "")


def buttons(facts: StackFacts, *, is_behind: bool = False) -> tuple[Button, ...]:
    """What helps a stack as it stands, the best first; then what can be ordered besides.

    Args:
        facts: of the stack.
        is_behind: whether it waits for others.
    """
    found = sorted(_buttons(facts, status_of(facts), is_behind=is_behind), key=lambda button: not button.is_first)
    return tuple(found)


def helping(facts: StackFacts, status: StackStatus) -> Button | None:
    """The one that helps; None where none does."""
    return next((button for button in _buttons(facts, status) if button.is_first), None)


def _buttons(facts: StackFacts, status: StackStatus, *, is_behind: bool = False) -> Iterator[Button]:
    stack, decision = facts.stack, facts.known.last_decision
    reason = decision.reason if decision else None
    if status is StackStatus.REMOVED:
        yield Button("Forget", address(stack, Act.FORGET), is_first=True)
        return
    if reason is Reason.SELF:
        return
    if facts.leased or facts.waiting or is_behind:
        yield Button("Cancel", address(stack, Act.CANCEL), is_first=facts.leased)
    if facts.pause or facts.pin:
        yield Button("Resume", address(stack, Act.RESUME), is_first=status is StackStatus.PAUSED)
    if status is StackStatus.BLOCKED and reason is Reason.MOVED:
        yield Button("Decide about its data", address(stack, Act.ADOPT), is_first=True)
    elif status in _DEPLOYS and not (status is StackStatus.PENDING and (facts.waiting or is_behind)):
        yield Button(_DEPLOYS[status], address(stack, Act.DEPLOY), is_first=True)
    elif status in {StackStatus.DEPLOYED, StackStatus.DEGRADED}:
        is_unwell = status is StackStatus.DEGRADED
        yield Button("Recreate", address(stack, Act.DEPLOY, force="1"), is_first=is_unwell)
    elif status is StackStatus.INVALID:  # mostly somebody has to mend a file, which needs no button
        yield Button("Try again", address(stack, Act.DEPLOY))
    if facts.pause is None:
        yield Button("Pause", address(stack, Act.PAUSE))
