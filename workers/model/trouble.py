"""What an ending says about a stack's trouble: whether there is any, and whether it is what there was before. Pure.

A run fails for what it made worse. So every ending that leaves a stack other than it was asked for has a mark, which is
the same whenever the same content fares as badly; what is remembered of a stack is the mark of its last trouble, until
it is well again. A run in which a stack comes to the mark that it had before is not to blame for it (`is_still` in
`lua/common.lua`, which compares and remembers in one step with the ending). docs/decisions/what-a-run-fails-for.md
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from workers.model.words import Outcome, Reason

# Between two attempts at the same content, the same failure differs in times, ports and ids of containers.
_NUMBER = re.compile(r"[0-9a-f]*[0-9][0-9a-f]*")
# Left alone for what happened before, which the run's own content may be the reason for.
_LEFT_IN_TROUBLE = frozenset({Reason.FAILED_BEFORE, Reason.OBSTRUCTED, Reason.BLOCKED})


class Effect(StrEnum):
    """What an ending does to what is remembered of a stack's trouble."""

    TROUBLE = "trouble"
    """It is in trouble; the run has failed unless it was before."""
    NOTED = "noted"
    """It is as somebody wanted, though not as it was to be: what is left alone for that from now on is no news."""
    WELL = "well"
    """It is well."""
    HEALED = "healed"
    """What was deployed is well; that something newer is in trouble remains."""
    NONE = "none"
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an ending says; `mark` is the same where the same content fares as badly."""

    effect: Effect
    mark: str = ""


def verdict(outcome: Outcome, reason: Reason | None, content: str, message: str) -> Verdict:
    """What an ending says.

    Args:
        outcome: how it ended.
        reason: why.
        content: identifies what it was about, where that is known; empty otherwise.
        message: for people.
    """
    if outcome is Outcome.DEPLOYED and reason is Reason.DRIFTED:
        return Verdict(Effect.HEALED, _mark("content", content, ""))
    if outcome in {Outcome.DEPLOYED, Outcome.UNCHANGED, Outcome.REMOVED}:
        return Verdict(Effect.WELL)
    if outcome.bad or (outcome is Outcome.SKIPPED and reason in _LEFT_IN_TROUBLE):
        return Verdict(Effect.TROUBLE, _trouble(outcome, content, message))
    if outcome is Outcome.CANCELLED and content:
        return Verdict(Effect.NOTED, _trouble(outcome, content, message))
    return Verdict(Effect.NONE)


def _trouble(outcome: Outcome, content: str, message: str) -> str:
    if outcome in {Outcome.INVALID, Outcome.BLOCKED}:
        return _mark(outcome, content, message)
    return _mark("content", content, "" if content else same_words(message))


def _mark(kind: str, content: str, words: str) -> str:
    """A digest: what is in the way may be named after somebody's secret, and messages are long."""
    digest = hashlib.sha256(f"{content}\0{words}".encode("utf-8", "surrogatepass"))
    return f"{kind}:{digest.hexdigest()[:32]}"


def same_words(message: str) -> str:
    """A message without what differs between two attempts at the same content."""
    return _NUMBER.sub("#", message)
