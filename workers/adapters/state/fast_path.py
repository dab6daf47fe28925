"""The hot path: a stack that needs nothing costs two round trips, one to look and one to end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.marks import Hold, Pause, Pin
from workers.adapters.state.records import recorded
from workers.adapters.state.results import StackResult
from workers.adapters.state.runs import Runs
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.status import DecisionNote, Known, StackFacts, StatusFields, stored_fields
from workers.model.words import Action, Decision, Outcome

_M = TypeVar("_M")


@dataclass(frozen=True, slots=True)
class Look:
    """What a quick decision starts from.

    `runs` are those that waited (none: another task has ended their part); `record` is what is deployed;
    `facts` are the stack's marks, status and whether its lock is held.
    """

    runs: tuple[str, ...]
    record: Deployed | None
    facts: StackFacts


class Quick:
    """One unchanged stack, from its message to its end."""

    def __init__(self, scripts: Scripts, runs: Runs) -> None:
        self._scripts = scripts
        self._runs = runs

    @translated()
    def look(self, stack: str, taker: str) -> Look:
        """Take the runs that wait for a stack, and read all that is known of it.

        Args:
            stack: its id.
            taker: the task's id; a second delivery of the task gets what its first one took.
        """
        runs, record, pause, hold, pin, leased, fields = self._scripts("look", stack, taker, now())
        known = Known.from_json({name: json.loads(text) for name, text in zip(fields[::2], fields[1::2], strict=True)})
        marks = _mark(pause, Pause.from_json), _mark(hold, Hold.from_json), _mark(pin, Pin.from_json)
        return Look(tuple(runs), recorded(stack, record), StackFacts(stack, known, *marks, leased=bool(leased)))

    def finish_unchanged(
        self, runs: Iterable[str], decision: Decision, outcome: Outcome = Outcome.UNCHANGED
    ) -> StackResult:
        """End a stack's part in its runs and note the decision; no deployment was needed.

        Args:
            runs: from `look`.
            decision: what was decided, at the newest commit, if there is one; with `outcome` unchanged, what the stack
                is made of there is what runs.
            outcome: `unchanged`, or `skipped`, `invalid`, `blocked` for a decision to do nothing.
        """
        ended: Sequence[str] = tuple(runs)
        status: StatusFields = {
            "last_decision": DecisionNote.of(decision, decision.commit, ended[-1] if ended else None, now())
        }
        if decision.commit:
            status["latest_commit"] = decision.commit
        if outcome is Outcome.UNCHANGED and decision.action is Action.NONE:
            status["verified_commit"] = decision.commit
        result = StackResult.of(decision, outcome)
        self._runs.finish(ended, result, stored_fields(**status))
        return result


def _mark(text: str | None, parse: Callable[[Mapping[str, Any]], _M]) -> _M | None:
    return None if text is None else parse(json.loads(text))
