"""What a run came to, in one sentence: `2 deployed, 1 still invalid: broken, 12 unchanged in 6 s`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from workers.adapters.state.results import StackResult
from workers.model.words import Outcome, Reason

# First what was done, then what went wrong, then what was left alone.
_ORDER = (
    "deployed",
    "removed",
    "failed",
    "rolled back",
    "blocked",
    "invalid",
    "failed before",
    "still failing",
    "still blocked",
    "still invalid",
    "cancelled",
    "waiting",
)
_LAST = ("skipped", "superseded", "unchanged")
_NAMED = 3  # stacks that are named of those that are in trouble still
_STILL = {Outcome.INVALID: "still invalid", Outcome.BLOCKED: "still blocked"}


def word_of(result: StackResult) -> str:
    """How a stack's part ended, in a word or two."""
    outcome = result.outcome
    if outcome is None:
        return "waiting"
    is_blocked = outcome is Outcome.SKIPPED and result.reason is Reason.BLOCKED
    if result.still:
        return "still blocked" if is_blocked else _STILL.get(outcome, "still failing")
    if outcome is Outcome.SKIPPED:
        return {Reason.FAILED_BEFORE: "failed before", Reason.BLOCKED: "blocked"}.get(
            result.reason or Reason.SELF, result.reason.value if result.reason else "skipped"
        )
    return outcome.value.replace("_", " ")


def summary(results: Iterable[StackResult], started: str | None = None, finished: str | None = None) -> str:
    """A run in one sentence.

    Args:
        results: of its stacks.
        started: when it was made, as text.
        finished: when it ended, as text; without either no time is told.
    """
    stacks: dict[str, list[str]] = defaultdict(list)
    for result in results:
        stacks[word_of(result)].append(result.stack)
    order = [*_ORDER, *sorted(stacks.keys() - {*_ORDER, *_LAST}), *_LAST]
    parts = [_part(word, stacks[word]) for word in order if word in stacks]
    said = ", ".join(parts) or "no stack looked at"
    return f"{said} in {_seconds(started, finished)}" if started and finished else said


def _part(word: str, stacks: list[str]) -> str:
    if not word.startswith("still "):
        return f"{len(stacks)} {word}"
    names = [stack.partition("/")[2] for stack in stacks[:_NAMED]]
    more = [f"{len(stacks) - _NAMED} more"] if len(stacks) > _NAMED else []
    return f"{len(stacks)} {word}: {' and '.join([*names, *more])}"


def _seconds(started: str, finished: str) -> str:
    seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    if seconds < 1:
        return "less than a second"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
