"""What has become of a stack: its part in a run, and what a task that looked at it returns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from workers.model.messages import shortened
from workers.model.news import Ended
from workers.model.trouble import Effect, Verdict, verdict
from workers.model.words import Action, Decision, Outcome, Reason

_Word = TypeVar("_Word", bound=StrEnum)


def _by_text(kind: type[_Word]) -> Mapping[str | None, _Word | None]:
    """The words of a kind, and None for none: a run has thousands of them, and calling the class takes far longer."""
    return {None: None, **{word.value: word for word in kind}}


_ACTIONS, _REASONS, _OUTCOMES = _by_text(Action), _by_text(Reason), _by_text(Outcome)
_QUIET = frozenset({Outcome.UNCHANGED, Outcome.SKIPPED, Outcome.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class StackResult:
    """What has become of a stack.

    Attributes:
        stack: its id.
        action: what had to be done; None while nobody has decided.
        reason: why; None likewise.
        outcome: how it ended; None while it has not.
        commit: at which it was looked at; None where none is known.
        deployment: the one that was made for it, if any.
        message: for people; empty where there is nothing to say.
        content: identifies what it was about, for whoever ends it; not kept.
        still: whether it was in this trouble before the run, which did not fail for it.
    """

    stack: str
    action: Action | None = None
    reason: Reason | None = None
    outcome: Outcome | None = None
    commit: str | None = None
    deployment: str | None = None
    message: str = ""
    content: str = ""
    still: bool = False

    @classmethod
    def of(
        cls, decision: Decision, outcome: Outcome | None, deployment: str | None = None, message: str | None = None
    ) -> StackResult:
        """What has become of a decision; its own message stands where no other is given."""
        said = decision.message if message is None else message
        content = decision.content
        return cls(
            decision.stack, decision.action, decision.reason, outcome, decision.commit, deployment, said, content
        )

    @property
    def bad(self) -> bool:
        """Whether the stack is not as it was to be."""
        return self.outcome is not None and self.outcome.bad

    @property
    def verdict(self) -> Verdict:
        """What it says about the stack's trouble."""
        if self.outcome is None:
            return Verdict(Effect.NONE)
        return verdict(self.outcome, self.reason, self.content, self.message)

    @property
    def eventful(self) -> bool:
        """Whether something was done or went wrong: then it is an event and part of the stack's history."""
        return self.outcome not in _QUIET

    @classmethod
    def from_json(cls, stack: str, fields: Mapping[str, Any]) -> StackResult:
        """A stack's part as a run has it; what was only planned has none of the words yet."""
        get = fields.get
        return cls(
            stack,
            _ACTIONS[get("action")],
            _REASONS[get("reason")],
            _OUTCOMES[get("outcome")],
            get("commit"),
            get("deployment"),
            get("message") or "",
            still=get("still") is not None,
        )

    def in_run(self) -> dict[str, str | bool | None]:
        """As a run has it, stored and, with an empty message, shown, without the stack, which is its key.

        `message` is there only where there is one, `still` only where it is true.
        """
        fields: dict[str, str | bool | None] = {
            "commit": self.commit,
            "action": self.action and self.action.value,
            "reason": self.reason and self.reason.value,
            "outcome": self.outcome and self.outcome.value,
            "deployment": self.deployment,
        }
        fields |= {"message": shortened(self.message)} if self.message else {}
        return fields | {"still": True} if self.still else fields

    def to_json(self) -> dict[str, str | None]:
        """As the task of a deployment returns it."""
        return self.glance() | {
            "outcome": self.outcome and self.outcome.value,
            "commit": self.commit,
            "deployment": self.deployment,
            "message": shortened(self.message),
        }

    def glance(self) -> dict[str, str | None]:
        """As the task of a quick look returns it."""
        action, reason = self.action and self.action.value, self.reason and self.reason.value
        return {"stack": self.stack, "action": action, "reason": reason}


def endings_of(texts: Sequence[str]) -> list[Ended]:
    """Endings from what a script returns: stack, run, result, what was told, and so on."""
    return [_ending(*texts[place : place + 4]) for place in range(0, len(texts), 4)]


def _ending(stack: str, run: str, text: str, told: str) -> Ended:
    result = StackResult.from_json(stack, json.loads(text))
    if result.outcome is None:
        message = f"the part of {stack} in run {run} ended without an outcome"
        raise ValueError(message)
    outcome = result.outcome
    if outcome is Outcome.SKIPPED and result.reason is Reason.FAILED_BEFORE and not result.still:
        outcome = Outcome.FAILED  # what was pushed has failed before, and has been something else since
    return Ended(stack, run, outcome, result.message, result.deployment, result.reason, told=told)
