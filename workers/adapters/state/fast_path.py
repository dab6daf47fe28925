"""The hot path: a stack that needs nothing costs two round trips, one to look and one to end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.results import StackResult
from workers.adapters.state.runs import Runs
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.status import StackFacts
from workers.model.words import Action, Decision, Outcome


@dataclass(frozen=True, slots=True)
class Look:
    """What a quick decision starts from.

    `runs` are those that waited (none: another task has ended their part); `record` is what is deployed;
    `facts` are the stack's marks, status and whether its lock is held.
    """

    runs: tuple[str, ...]
    record: dict[str, Any] | None
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
        status = {name: json.loads(text) for name, text in zip(fields[::2], fields[1::2], strict=True)}
        facts = StackFacts(stack, status, _loaded(pause), _loaded(hold), _loaded(pin), leased=bool(leased))
        return Look(tuple(runs), _loaded(record), facts)

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
        decided = decision_fields(decision, decision.commit, ended[-1] if ended else None)
        status: dict[str, object] = {"last_decision": decided}
        if decision.commit:
            status["latest_commit"] = decision.commit
        if outcome is Outcome.UNCHANGED and decision.action is Action.NONE:
            status["verified_commit"] = decision.commit
        result = StackResult.of(decision, outcome)
        self._runs.finish(ended, result, status)
        return result


def decision_fields(decision: Decision, commit: str | None, run: str | None) -> dict[str, object]:
    """A decision as `last_decision` shows it: everything that `explain` needs, without values of inputs."""
    return {
        "action": decision.action,
        "reason": decision.reason,
        "commit": commit,
        "paths": list(decision.paths),
        "objects": {path: {"old": old, "new": new} for path, (old, new) in decision.objects.items()},
        "inputs": list(decision.inputs),
        "services": {
            name: {"action": service.action, "paths": list(service.paths)}
            for name, service in decision.services.items()
        },
        "message": decision.message,
        "run": run,
        "at": now(),
    }


def _loaded(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)
