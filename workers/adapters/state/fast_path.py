"""The hot path: a stack that needs nothing costs two round trips, one to look and one to end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.deployed import Deployed
from workers.adapters.state.marks import Hold, Pause, Pin
from workers.adapters.state.records import recorded
from workers.adapters.state.results import StackResult
from workers.adapters.state.runs import Ending, Runs
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.status import DecisionNote, Known, StackFacts, StatusFields, stored_fields
from workers.model.words import Action, Decision, Outcome

_M = TypeVar("_M")
_STATUS = ("drift", "stopped", "removed")
"""The fields of a status that decide anything."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a quick decision starts from.

    Attributes:
        runs: those that waited; none: another task has ended their part.
        record: what is deployed.
        facts: the stack's marks, whether its lock is held, and of its status what decides anything.
        asked: whether somebody asked for the stack itself in any of the runs.
        again: whether any of them tries again what failed.
        texts: what Redis has of the stack, as it has it; empty where it came from elsewhere.
    """

    runs: tuple[str, ...]
    record: Deployed | None
    facts: StackFacts
    asked: bool = False
    again: bool = False
    texts: tuple[str | bool | None, ...] = ()

    @property
    def seal(self) -> bytes:
        """Tells what Redis has of the stack from whatever else it may have; empty where that is not known."""
        return blake2b(repr(self.texts).encode(), digest_size=16).digest() if self.texts else b""


class _Together(threading.local):
    """What this thread does to several stacks in one round trip: looks that it has not needed yet, and endings."""

    looks: dict[tuple[str, str], Look] | None = None
    endings: tuple[Ending, ...] = ()


class Quick:
    """One unchanged stack, from its message to its end; or several."""

    def __init__(self, scripts: Scripts, runs: Runs) -> None:
        self._scripts = scripts
        self._runs = runs
        self._together = _Together()

    def look(self, stack: str, taker: str) -> Look:
        """Take the runs that wait for a stack, and read what decides about it.

        Args:
            stack: its id.
            taker: the task's id; a second delivery of the task gets what its first one took.
        """
        known = self._together.looks.pop((stack, taker), None) if self._together.looks else None
        return known or self._look([(stack, taker)])[0]

    @contextmanager
    def together(self, calls: Sequence[tuple[str, str]]) -> Iterator[None]:
        """Let this thread look at several stacks inside, and end their parts, in one round trip each.

        Nothing that is ended inside has ended before it is left.

        Args:
            calls: the arguments of each look.

        Raises:
            RedisUnavailable: also when it is left: then all of it can be done again.
        """
        here = self._together
        here.looks, here.endings = dict(zip(calls, self._look(calls), strict=True)), ()
        try:
            yield
        finally:
            endings, here.looks, here.endings = here.endings, None, ()
        self._runs.finish_all(endings)

    @translated()
    def peek(self, stacks: Sequence[str]) -> dict[str, Look]:
        """Read what decides about many stacks, and take no runs, in one round trip."""
        if not stacks:
            return {}
        found, *records = self._scripts("peek", *stacks)
        rows = zip(stacks, json.loads(found), records, strict=True)
        return {stack: _look(stack, known, record) for stack, known, record in rows}

    @translated()
    def _look(self, calls: Sequence[tuple[str, str]]) -> list[Look]:
        found, *records = self._scripts("look", now(), *(text for call in calls for text in call))
        return [
            _look(stack, known, record, tuple(runs), asked=bool(asked), again=bool(again))
            for (stack, _), (runs, asked, again, known), record in zip(calls, json.loads(found), records, strict=True)
        ]

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
        ending = Ending(tuple(ended), result, stored_fields(**status))
        if self._together.looks is None:
            self._runs.finish_all([ending])
        else:
            self._together.endings += (ending,)
        return result


def _look(
    stack: str,
    known: Sequence[Any],
    record: str,
    runs: tuple[str, ...] = (),
    *,
    asked: bool = False,
    again: bool = False,
) -> Look:
    """A look from what the script `known_of` has."""
    pause, hold, pin, leased, *status = known
    fields = {name: json.loads(text) for name, text in zip(_STATUS, status, strict=True) if text}
    marks = _mark(pause, Pause.from_json), _mark(hold, Hold.from_json), _mark(pin, Pin.from_json)
    facts = StackFacts(stack, Known.from_json(fields), *marks, leased=bool(leased))
    texts = (record or None, pause, hold, pin, *status)
    return Look(runs, recorded(stack, record or None), facts, asked, again, texts)


def _mark(text: str | None, parse: Callable[[Mapping[str, Any]], _M]) -> _M | None:
    return parse(json.loads(text)) if text else None
