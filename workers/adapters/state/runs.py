"""Runs: one pull and everything it fanned out to, and who waits for what.

A run waits for a *set*: `pull:<worker>` for every worker, `stack:<id>` for every stack that a pull planned. It
ends when the set is empty; whoever removes the last member ends it, in the same script. A stack has a waiting
set of runs, so that it is queued at most once: the first run to join publishes a task, later ones wait with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.identifiers import new_id
from workers.adapters.state.outgoing import NobodyTakes, Outgoing
from workers.adapters.state.results import StackResult, endings_of
from workers.adapters.state.run_reader import RunReader
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.waiting_for_others import Waiting, released_of
from workers.model.errors import RedisUnavailable
from workers.model.messages import shortened
from workers.model.news import Ended
from workers.model.words import Action, Outcome, Reason, Trigger

_PLAN_CHUNK = 200  # stacks per script call, so that Redis answers others in between


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a stack's part in runs: which, how, and fields of the stack's status to set in the same step."""

    runs: tuple[str, ...]
    result: StackResult
    status: Mapping[str, object]

    def arguments(self) -> Sequence[str | int]:
        """As the script `finish` takes it."""
        fields = [text for name, value in self.status.items() for text in (str(name), json.dumps(value))]
        own: list[str | int] = [self.result.stack, *_ended(self.result), len(self.runs), *self.runs, *fields]
        return [len(own), *own]


class Runs(RunReader):
    """Runs in Redis. Every method is one or a few round trips and may be called twice with the same effect.

    Args:
        redis: from `connect`.
        scripts: made of it.
        outgoing: finds who publishes stacks whose turn has come and endings that may be news; asked once there are any.
    """

    def __init__(self, redis: Redis, scripts: Scripts, outgoing: Callable[[], Outgoing] = NobodyTakes) -> None:
        super().__init__(redis, scripts)
        self._outgoing = outgoing

    # ------------------------------------------------------------ making runs

    @translated()
    def create(
        self,
        repo: str,
        trigger: Trigger | str,
        workers: Sequence[str],
        *,
        run_id: str | None = None,
        who: str | None = None,
        forced: bool = False,
    ) -> str:
        """Make a run that waits for these workers' pulls (none: for the stacks that are planned next).

        Args:
            repo: the repo, or several, separated by `, `.
            trigger: what asks.
            workers: whose pulls it waits for.
            run_id: its id, if it is known already.
            who: who asks, if that is known.
            forced: whether every service of its stacks is to be recreated, whoever deploys them.
        """
        run = run_id or new_id()
        self._scripts("create", run, repo, str(trigger), who or "", now(), "1" if forced else "0", *workers)
        return run

    @translated()
    def coalesce(
        self,
        repo: str,
        workers: Sequence[str],
        trigger: Trigger | str,
        commit: str | None = None,
        ref: str | None = None,
        *,
        who: str | None = None,
    ) -> tuple[str, Literal["queued", "coalesced"]]:
        """Find the run that will look, or has looked, at what was pushed; make one if there is none.

        Args:
            repo: the repo.
            workers: those that have stacks of it.
            trigger: what asks.
            commit: what was pushed, if that is known; a run that fetched exactly this as the newest of `ref` covers it.
            ref: as it is given to `end_pull`.
            who: who asks, if that is known. A run that is joined keeps its own trigger and asker.

        Returns:
            The run, and `queued` when the caller has to publish its pulls (to every worker; a message that is not
            needed ends at once). If that fails, call `discard`.
        """
        lifetime = str(keys.WAITING_PULL_SECONDS * 1000)
        known = (commit, ref) if commit and ref else ("", "")
        facts = (new_id(), repo, str(trigger), who or "", now())
        run, status = self._scripts("coalesce", *facts, *known, lifetime, *workers)
        return run, status

    @translated()
    def discard(self, run: str) -> bool:
        """Undo a run whose tasks could not be published. False: others joined it, so reconcile will publish it."""
        return bool(self._scripts("discard", run))

    # ------------------------------------------------------------ pulls

    @translated()
    def start_pull(self, run: str, repo: str, worker: str) -> bool:
        """Start a pull. False: it has ended, or a later run's pull waits; then there is nothing to do."""
        return bool(self._scripts("start_pull", run, repo, worker, now()))

    def end_pull(
        self, run: str, repo: str, worker: str, *, commits: Mapping[str, str], error: str | None, repo_ref: str
    ) -> None:
        """End a pull, after its stacks were planned.

        Args:
            run: the run.
            repo: its repo.
            worker: whose pull it was.
            commits: the newest commit of every ref that was fetched.
            error: why it failed, without secrets; None if it did not.
            repo_ref: the repo's own ref, whose commit becomes the run's.
        """
        pairs = [text for pair in commits.items() for text in pair]
        with translated():
            said = shortened(error or "")
            ended, told = self._scripts("end_pull", run, repo, worker, now(), said, repo_ref, *pairs)
        if ended and (error or told):
            outcome = Outcome.FAILED if error else Outcome.UNCHANGED
            self._outgoing().ended([Ended(repo, run, outcome, error or "", told=told, worker=worker)])

    @translated()
    def waiting_pull(self, repo: str, worker: str) -> str | None:
        """The run whose pull waits for its start; None when none does."""
        run = self._redis.get(keys.waiting_pull(repo, worker))
        return None if run is None else str(run)

    # ------------------------------------------------------------ stacks

    @translated()
    def plan(self, run: str, stacks: Iterable[tuple[str, str]]) -> list[str]:
        """Let the run wait for stacks (id, commit or `""` when it is not known yet).

        Returns:
            The stacks for which a task has to be published; for the others one waits already.

        Raises:
            RedisUnavailable: the run is not there any more, so Redis has lost its data.
        """
        planned = list(stacks)
        calls = [
            [run, *(text for pair in planned[start : start + _PLAN_CHUNK] for text in pair)]
            for start in range(0, len(planned), _PLAN_CHUNK)
        ]
        needed: list[str] = []
        for answer in self._scripts.many("plan", calls):
            if answer is None:
                message = f"run {run} is gone from Redis; pull again"
                raise RedisUnavailable(message)
            needed += answer
        return needed

    def hold_back(self, run: str, stacks: Sequence[Waiting]) -> None:
        """Let the run wait for stacks that come after others of it; each is published when its time comes.

        Args:
            run: the run.
            stacks: each after those that it comes after; all others of the run are planned already.

        Raises:
            RedisUnavailable: the run is not there any more, so Redis has lost its data.
        """
        for start in range(0, len(stacks), _PLAN_CHUNK):
            chunk = stacks[start : start + _PLAN_CHUNK]
            self._call_and_release("hold_back", run, now(), *(text for each in chunk for text in each.arguments()))

    @translated()
    def take(self, stack: str, taker: str | None = None, *, orphans: bool = False) -> tuple[str, ...]:
        """Take the runs that wait for a stack: work on it starts.

        Args:
            stack: its id.
            taker: who takes them (the task's id): a second delivery of a task gets what its first one took.
            orphans: also those that anybody took and left. Only for the holder of the stack's lock.
        """
        taken = self._scripts("take", stack, taker or secrets.token_hex(8), "1" if orphans else "0", now())
        return tuple(taken)

    @translated()
    def put_back(self, stack: str, runs: Iterable[str]) -> bool:
        """Let runs wait for a stack again. True when nobody else's run was waiting."""
        return bool(self._scripts("put_back", stack, *runs))

    @translated()
    def waiting(self, stack: str) -> bool:
        """Whether any run waits for a stack."""
        return bool(self._redis.exists(keys.waiting(stack)))

    def finish(self, runs: Iterable[str], result: StackResult, status: Mapping[str, object] | None = None) -> None:
        """End a stack's part in every run; runs that wait for nothing more end. A second outcome is ignored.

        Args:
            runs: those that waited for the stack.
            result: how it ended.
            status: fields of the stack's status to set in the same round trip.
        """
        self.finish_all([Ending(tuple(runs), result, status or {})])

    def finish_all(self, endings: Sequence[Ending]) -> None:
        """End the parts of many stacks as `finish` does, in one round trip."""
        if endings:
            self._call_and_release("finish", now(), *(text for each in endings for text in each.arguments()))

    @translated()
    def note_invalid(self, run: str, stack: str, commit: str | None, message: str) -> None:
        """Show in a run what cannot be a stack because another one has its name; that one is left as it is.

        Args:
            run: the run, which shows its own stack of this name instead, if it has one.
            stack: the name's id.
            commit: at which it was found.
            message: why it cannot be that stack.
        """
        result = StackResult(stack, Action.NONE, Reason.INVALID, Outcome.INVALID, commit, message=message)
        self._scripts("note_invalid", run, stack, json.dumps(result.in_run()))

    def finish_held_back(self, result: StackResult) -> tuple[str, ...]:
        """End a stack's part in every run in which it still has to wait for others; those runs."""
        with translated():
            ended, *answer = self._scripts("finish_held_back", result.stack, now(), *_ended(result))
        self._publish(*answer)
        return tuple(ended)

    def _call_and_release(self, script: str, *arguments: str | int) -> None:
        """Run a script that may release stacks, and have these published.

        Whoever has ended a stack's part has done so, whether or not that succeeds: reconcile publishes what is lost.
        """
        with translated():
            answer = self._scripts(script, *arguments)
        if answer is None:
            message = f"run {arguments[0]} is gone from Redis; pull again"
            raise RedisUnavailable(message)
        self._publish(*answer)

    def _publish(self, released: Sequence[str], endings: Sequence[str]) -> None:
        if released:
            with suppress(RedisUnavailable):
                self._outgoing().released(released_of(released))
        if endings:
            self._outgoing().ended(endings_of(endings))


def _ended(result: StackResult) -> tuple[str, str, str, str]:
    """A result as scripts take it: its JSON, what it says about trouble, the mark of that, whether it is eventful."""
    said = result.verdict
    return json.dumps(result.in_run()), said.effect.value, said.mark, "1" if result.eventful else "0"
