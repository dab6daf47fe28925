"""What a change of state sets free, and who takes it: state itself publishes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workers.adapters.state.waiting_for_others import Released
from workers.model.news import Ended


class Outgoing(Protocol):
    """Takes what has to go out; `workers.adapters.outbox` is the one that does."""

    def released(self, stacks: Sequence[Released]) -> None:
        """Publish a task for each stack whose last predecessor has ended in a run.

        Raises:
            RedisUnavailable: not all are published; reconcile publishes what is lost.
        """
        ...

    def ended(self, endings: Sequence[Ended]) -> None:
        """Publish a notice of each ending that is news to somebody; raises nothing, for it has ended all the same."""
        ...


class NobodyTakes:
    """For whoever only reads and writes: reconcile publishes what was not."""

    def released(self, stacks: Sequence[Released]) -> None:
        """Let them wait."""

    def ended(self, endings: Sequence[Ended]) -> None:
        """Tell nobody."""
