"""The last deployments of a stack as a few hundred bytes of its status: what a list of many stacks can show of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.model.words import Outcome

MOST_MARKS = 20
SHORT = 7
"""Digits of a commit."""

LETTERS: Mapping[str, Outcome] = {
    "d": Outcome.DEPLOYED,
    "f": Outcome.FAILED,
    "r": Outcome.ROLLED_BACK,
    "c": Outcome.CANCELLED,
    "i": Outcome.INVALID,
    "b": Outcome.BLOCKED,
    "n": Outcome.SUPERSEDED,
    "g": Outcome.REMOVED,
    "s": Outcome.SKIPPED,
    "u": Outcome.UNCHANGED,
}
"""Stored, so none of them ever means anything else."""


@dataclass(frozen=True, slots=True)
class PastMark:
    """One of them: its id, which says when it began, how it ended, and the first digits of its commit."""

    id: str
    outcome: Outcome
    commit: str


@dataclass(frozen=True, slots=True)
class PastMarks:
    """At most `MOST_MARKS`, the oldest first; those that never ended are left out.

    Attributes:
        outcomes: a letter for each.
        names: `id:commit` of each, with spaces in between.
    """

    outcomes: str = ""
    names: str = ""

    def each(self) -> tuple[PastMark, ...]:
        """One by one."""
        marks = []
        for letter, name in zip(self.outcomes, self.names.split(), strict=False):
            identifier, _, commit = name.partition(":")
            marks.append(PastMark(identifier, LETTERS[letter], commit))
        return tuple(marks)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> PastMarks:
        """From Redis; none where an earlier release has written the status, or one that knows more outcomes."""
        outcomes: str = (stored or {}).get("outcomes", "")
        return cls(outcomes, (stored or {}).get("names", "")) if LETTERS.keys() >= set(outcomes) else cls()
