"""How a stack's part in a run ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from workers.model.news import Ended
from workers.model.words import Action, Outcome, Reason

_QUIET = frozenset({Outcome.UNCHANGED, Outcome.SKIPPED, Outcome.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class StackResult:
    """What a run shows of a stack once its part has ended."""

    commit: str | None
    action: Action
    reason: Reason
    outcome: Outcome
    deployment: str | None = None
    message: str = ""

    @classmethod
    def of(
        cls,
        commit: str | None,
        action: Action | str,
        reason: Reason | str,
        outcome: Outcome | str,
        deployment: str | None = None,
        message: str = "",
    ) -> StackResult:
        """From words, which must be those of the model."""
        return cls(commit, Action(action), Reason(reason), Outcome(outcome), deployment, message)

    @property
    def eventful(self) -> bool:
        """Whether something was done or went wrong: then it is an event and part of the stack's history."""
        return self.outcome not in _QUIET

    def to_json(self) -> str:
        """As it is stored; `message` only where there is one."""
        fields: dict[str, str | None] = {
            "commit": self.commit,
            "action": self.action,
            "reason": self.reason,
            "outcome": self.outcome,
            "deployment": self.deployment,
        }
        return json.dumps(fields | {"message": self.message} if self.message else fields)


def endings_of(texts: Sequence[str]) -> list[Ended]:
    """Endings from what a script returns: stack, run, result, what was told, and so on."""
    return [_ending(*texts[place : place + 4]) for place in range(0, len(texts), 4)]


def _ending(stack: str, run: str, result: str, told: str) -> Ended:
    fields = json.loads(result)
    outcome, reason = Outcome(fields["outcome"]), Reason(fields["reason"])
    return Ended(stack, run, outcome, fields.get("message", ""), fields["deployment"], reason, told=told)
