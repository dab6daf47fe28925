"""What stacks of a run will need, noted before their turn comes: it may be long until a deployment has a slot."""

from __future__ import annotations

import json
from collections.abc import Iterable

from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.status import DecisionNote
from workers.model.words import Decision


class Forecasts:
    """Decisions that nobody has acted on yet, in runs and in the stacks' status."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    @translated()
    def note(self, run: str, decisions: Iterable[Decision]) -> None:
        """Note decisions for stacks that a run waits for, in one round trip. What has ended stays as it has."""
        noted = [
            text
            for each in decisions
            for text in (
                each.stack,
                each.commit or "",
                each.action.value,
                each.reason.value,
                json.dumps(DecisionNote.of(each, each.commit, run, now()).to_json()),
            )
        ]
        if noted:
            self._scripts("forecast", run, *noted)
