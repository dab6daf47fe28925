"""Stacks of a run that come after others of it: they wait in Redis, not in a worker's slot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stack that is published once others have ended in the same run.

    Attributes:
        stack: its id.
        commit: as it is planned, `""` when it is not known yet.
        after: the ids of those that it comes after.
        worker: whose queue its task goes to.
        force: whether every service is to be recreated.
        content: identifies what its folder holds, where that is known.
        softly: those of them that it waits for, however they end.
    """

    stack: str
    commit: str
    after: tuple[str, ...]
    worker: str
    force: bool = False
    content: str = ""
    softly: tuple[str, ...] = ()

    def arguments(self) -> tuple[str, str, str]:
        """As `hold_back.lua` takes it."""
        waits: dict[str, object] = {
            "after": self.after,
            "worker": self.worker,
            "force": self.force,
            "content": self.content,
        }
        if self.softly:
            waits["softly"] = self.softly
        return self.stack, self.commit, json.dumps(waits)


@dataclass(frozen=True, slots=True)
class Released:
    """A task that has to be published now: nothing that the stack comes after is left in the run."""

    run: str
    stack: str
    worker: str
    force: bool


def released_of(answer: Sequence[str]) -> tuple[Released, ...]:
    """What a script has released."""
    return tuple(
        Released(run, stack, worker, force == "1")
        for run, stack, worker, force in zip(answer[::4], answer[1::4], answer[2::4], answer[3::4], strict=True)
    )
