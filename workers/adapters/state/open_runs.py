"""Runs that have not ended, and what each of them still waits for: what reconcile publishes again if it is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.identifiers import milliseconds_of
from workers.adapters.state.scripts import Scripts

_EMPTY_RUN_MILLISECONDS = 60_000  # a run that plans nothing for so long has lost its maker


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not ended, and what it waits for: workers' pulls and stacks.

    A stack that comes after another one of the run is not among them until that one has ended.
    """

    id: str
    repo: str
    pulls: tuple[str, ...]
    stacks: tuple[str, ...]


class OpenRuns:
    """Those runs, in Redis."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def all(self) -> tuple[OpenRun, ...]:
        """What runs that have not ended still wait for, oldest first.

        On the way, runs that nobody can end are ended: those that expired, those whose maker died before it
        planned anything, and queued pulls that a newer run's queued pull makes needless.
        """
        waiting = self._read()
        newest: dict[tuple[str, str], str] = {}
        for run in waiting:
            for worker in run.pulls:
                newest[run.repo, worker] = run.id
        superseded = [(run.id, worker) for run in waiting for worker in run.pulls if newest[run.repo, worker] != run.id]
        self._scripts.many("supersede_pull", [[run, worker, now()] for run, worker in superseded])
        return self._read() if superseded else waiting

    @translated()
    def held_back(self, run: str) -> dict[str, tuple[str, ...]]:
        """The stacks of a run that still wait for others, and for which."""
        return {str(stack): _awaited(str(text)) for stack, text in self._redis.hgetall(keys.held_back(run)).items()}

    @translated()
    def awaited_by(self, stack: str) -> tuple[str, ...]:
        """The stacks that one waits for, in whichever run."""
        runs = self._redis.zrange(keys.open_runs(), 0, -1)
        with self._redis.pipeline(transaction=False) as pipeline:
            for run in runs:
                pipeline.hget(keys.held_back(str(run)), stack)
            found = pipeline.execute()
        return tuple(dict.fromkeys(other for text in found if text for other in _awaited(text)))

    def _read(self) -> tuple[OpenRun, ...]:
        runs = [str(run) for run in self._redis.zrange(keys.open_runs(), 0, -1)]
        with self._redis.pipeline(transaction=False) as pipeline:
            for run in runs:
                pipeline.hget(keys.run(run), "repo")
                pipeline.smembers(keys.pending(run))
                pipeline.hkeys(keys.held_back(run))
            answers = pipeline.execute()
        found = []
        for run, repo, members, held in zip(runs, answers[::3], answers[1::3], answers[2::3], strict=True):
            if members and repo:
                stacks = _named("stack:", members - {f"stack:{stack}" for stack in held})
                found.append(OpenRun(run, repo, _named("pull:", members), stacks))
            elif not repo:
                self._redis.zrem(keys.open_runs(), run)
            elif abs(time.time_ns() // 1_000_000 - milliseconds_of(run)) > _EMPTY_RUN_MILLISECONDS:
                self._scripts("close", run, now())
        return tuple(found)


def _awaited(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)["after"])


def _named(kind: str, members: Iterable[str]) -> tuple[str, ...]:
    """Those members of a run's pending set that are of a kind, without it, sorted."""
    return tuple(sorted(member.removeprefix(kind) for member in members if member.startswith(kind)))
