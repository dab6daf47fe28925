"""The head of a run: who started it and how, without what it has done to thousands of stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.model.words import RunStatus, Trigger

HEAD = ("id", "repo", "trigger", "who", "status", "forced", "has_pulls")
"""The fields of a run's hash that its head is read from."""


@dataclass(frozen=True, slots=True)
class RunHead:
    """What is known of a run however far it is.

    Attributes:
        id: the run.
        repo: its repo, or several, separated by `, `.
        trigger: what started it.
        who: who did, if that is known.
        status: where it stands.
        forced: whether every service of its stacks is to be recreated.
        has_pulls: whether it pulls; one that never had a pull was started for particular stacks.
    """

    id: str
    repo: str
    trigger: Trigger
    who: str | None
    status: RunStatus
    forced: bool
    has_pulls: bool

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody asked for its very stacks: then what is held is retried, and what was stopped started."""
        return not self.has_pulls and self.trigger is not Trigger.RECONCILE

    @classmethod
    def from_stored(cls, stored: Mapping[str, str | None]) -> RunHead | None:
        """A head from the fields `HEAD` of a run's hash; None where there is no such run."""
        if stored["id"] is None:
            return None
        return cls(
            id=stored["id"],
            repo=stored["repo"] or "",
            trigger=Trigger(stored["trigger"] or Trigger.CALL),
            who=stored["who"],
            status=RunStatus(stored["status"] or RunStatus.QUEUED),
            forced=stored["forced"] is not None,
            has_pulls=stored["has_pulls"] == "1",
        )
