"""The newest runs, of which those that have ended are read once: nothing changes in them any more."""

from __future__ import annotations

from collections.abc import Iterable

from workers.adapters.state.run import Run, RunHead
from workers.adapters.state.state import State
from workers.adapters.state.summary import summary


class RecentRuns:
    """Reads and keeps them, for all requests of a process."""

    def __init__(self) -> None:
        self._ended: dict[str, RunHead] = {}
        self._said: dict[str, str] = {}

    def read(self, state: State, limit: int) -> tuple[RunHead, ...]:
        """The heads of the newest runs, the newest first."""
        ids, known = state.runs.newest_ids(limit), self._ended
        found = {head.id: head for head in state.runs.heads(run for run in ids if run not in known)} | known
        heads = tuple(found[run] for run in ids if run in found)
        self._ended = {head.id: head for head in heads if head.status.ended}
        return heads

    def came_to(self, state: State, runs: Iterable[str]) -> dict[str, str]:
        """What each of a few runs came to, in a sentence; those that have not ended are left out."""
        known, said = self._said, dict[str, str]()
        for each in runs:
            if each in known:
                said[each] = known[each]
            elif each in self._ended and (run := state.runs.get(each)) is not None:
                said[each] = _sentence(run)
        self._said = said
        return said


def _sentence(run: Run) -> str:
    if run.error and not run.stacks:
        return "could not pull"
    return summary(run.stacks.values(), run.started_at, run.finished_at)
