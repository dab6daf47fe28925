"""How a deployment ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workers.adapters.state.ailing import Ailing
from workers.model.words import Outcome, Reason


@dataclass(frozen=True, slots=True)
class Ending:
    """How a deployment ended.

    Attributes:
        reason: replaces the decision's when the deployment found out better.
        message: for people; empty when all is well.
        again: whether the same content is to be tried again after a while.
        hold: whether its fingerprint is held at all.
        stranded: whether what was deployed before is not there either: that is to be brought back by itself.
        ailing: the containers that were not well.
    """

    outcome: Outcome
    reason: Reason | None = None
    message: str = ""
    again: bool = False
    hold: bool = False
    stranded: bool = False
    ailing: tuple[Ailing, ...] = ()

    def of_what_was_well(self) -> Ending:
        """The same for content that is deployed already: it has been well, so a failure says nothing of it."""
        failed = self.hold and self.outcome in {Outcome.FAILED, Outcome.ROLLED_BACK}
        return replace(self, again=True) if failed else self

    def cancelled(self) -> Ending:
        """The same where somebody has stopped it after the switch; one that could not go back has failed."""
        if self.outcome is Outcome.ROLLED_BACK:
            return replace(self, outcome=Outcome.CANCELLED, message="cancelled, and back at the last good deployment")
        if self.message.startswith("cancelled"):
            message = "cancelled; there is nothing to go back to, so what was begun stays"
            return replace(self, outcome=Outcome.CANCELLED, message=message)
        return self
