"""The newest runs, of which those that have ended are read once: nothing changes in them any more."""

from __future__ import annotations

from workers.adapters.state.run import RunHead
from workers.adapters.state.state import State


class RecentRuns:
    """Reads and keeps them, for all requests of a process."""

    def __init__(self) -> None:
        self._ended: dict[str, RunHead] = {}

    def read(self, state: State, limit: int) -> tuple[RunHead, ...]:
        """The heads of the newest runs, the newest first."""
        ids, known = state.runs.newest_ids(limit), self._ended
        found = {head.id: head for head in state.runs.heads(run for run in ids if run not in known)} | known
        heads = tuple(found[run] for run in ids if run in found)
        self._ended = {head.id: head for head in heads if head.status.ended}
        return heads
