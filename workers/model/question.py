"""What a page asks a worker about a stack, since only a worker sees Git and Docker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AT_ONCE = 2
"""So many questions a worker answers at once: half of its quick lane is left for pulls, whatever pages ask."""


class Order(StrEnum):
    """What somebody would order, and wants to know beforehand what comes of.

    With `ROLLBACK` goes a commit; with `ADOPT` what becomes of the data (`move`, `copy`, `leave`), or the id of the
    stack that goes on as this one.
    """

    NOTHING = "nothing"
    DEPLOY = "deploy"
    RECREATE = "recreate"
    ROLLBACK = "rollback"
    RESUME = "resume"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Attributes:
        task: the name of the task that answers it.
        stack: about which stack, by its id.
        order: what would be ordered, and with what: only of a plan.
        detail: of the order.
    """

    task: str
    stack: str
    order: Order | None = None
    detail: str = ""

    @property
    def args(self) -> tuple[str, ...]:
        """What its task is called with, before the id by which it is answered."""
        return (self.stack,) if self.order is None else (self.stack, self.order, self.detail)
