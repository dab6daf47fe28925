"""Deployments: attempts to bring one stack to one commit, with their steps and their output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.ailing import Ailing
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.histograms import observed
from workers.adapters.state.identifiers import new_id
from workers.adapters.state.past_deployment import DeploymentPage, EndedStep, RecordedDeployment
from workers.adapters.state.past_marks import LETTERS, MOST_MARKS, SHORT
from workers.adapters.state.records import decoded
from workers.adapters.state.scripts import Scripts
from workers.adapters.state.status import named_of
from workers.model.words import Decision, Outcome, RunStatus, Trigger

_BATCH = 100  # deployments that are read at once
LONGEST_BLOCK_MS = 4000
"""A blocking read must answer before the client's own timeout."""

# Named here, since inside the class `list` is a method.
Lines: TypeAlias = list[tuple[str, str]]
_MARKED: tuple[str | int, ...] = (
    *(MOST_MARKS, SHORT),
    *(text for letter, outcome in LETTERS.items() for text in (outcome, letter)),
)


class Deployments:
    """Deployments in Redis. Whoever writes lines masks secrets first."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def create(
        self, decision: Decision, run: str | None, *, trigger: Trigger | None = None, who: str | None = None
    ) -> str:
        """Make a deployment that has just started; the oldest of a stack beyond the newest 100 go. Returns its id.

        Args:
            decision: what it carries out.
            run: the run it belongs to.
            trigger: what started that, if it is known.
            who: who did, if that is known.
        """
        deployment, stack = new_id(), decision.stack
        services, paths = named_of(decision)
        made = RecordedDeployment(
            deployment,
            stack,
            run,
            decision.commit,
            decision.action,
            decision.reason,
            RunStatus.RUNNING,
            now(),
            trigger=trigger,
            who=who,
            services=services,
            paths=paths,
        )
        index = keys.deployments(stack)
        with self._redis.pipeline() as pipeline:
            pipeline.hset(keys.deployment(deployment), mapping=_encoded(made.stored()))
            pipeline.expire(keys.deployment(deployment), keys.DEPLOYMENT_SECONDS)
            pipeline.lrem(index, 0, deployment)
            pipeline.lpush(index, deployment)
            pipeline.lrange(index, keys.MAX_DEPLOYMENTS_OF_STACK, -1)
            pipeline.ltrim(index, 0, keys.MAX_DEPLOYMENTS_OF_STACK - 1)
            pipeline.expire(index, keys.DEPLOYMENT_SECONDS)
            pipeline.zadd(keys.all_deployments(), {deployment: 0})
            pipeline.zremrangebyrank(keys.all_deployments(), 0, -keys.MAX_DEPLOYMENTS - 1)
            pipeline.expire(keys.all_deployments(), keys.DEPLOYMENT_SECONDS)
            old = pipeline.execute()[4]
        for gone in old:
            self._redis.delete(keys.deployment(gone), keys.steps(gone), keys.log(gone))
        return deployment

    @translated()
    def finish(
        self,
        deployment: str,
        outcome: Outcome,
        error: str | None = None,
        *,
        seconds: Mapping[str, float] | None = None,
        fingerprint: str | None = None,
        ailing: Iterable[Ailing] = (),
    ) -> None:
        """End a deployment: `status` is `failed` for a bad outcome, else `succeeded`. One that has expired stays away.

        Args:
            deployment: its id.
            outcome: how it ended.
            error: what went wrong, without secrets.
            seconds: how long each step took.
            fingerprint: of the content.
            ailing: the containers that were not well, without secrets.
        """
        stack = self._redis.hget(keys.deployment(deployment), "stack")
        if stack is None:
            return
        status = RunStatus.FAILED if outcome.bad else RunStatus.SUCCEEDED
        ending: dict[str, object] = {"status": status, "outcome": outcome, "error": error, "finished_at": now()}
        kept = {"seconds": seconds, "fingerprint": fingerprint, "ailing": [each.to_json() for each in ailing] or None}
        known = {name: value for name, value in kept.items() if value is not None}
        took = _took(outcome, seconds) if seconds else {}
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.hset(keys.deployment(deployment), mapping=_encoded(ending | known))
            for name, count in took.items():
                pipeline.hincrby(keys.counters(), name, count)
            pipeline.execute()
        self.note_past(json.loads(stack))

    @translated()
    def note_past(self, stack: str) -> None:
        """Let a stack's status have its last deployments, for lists of many stacks."""
        self._scripts("note_past", stack, *_MARKED)

    @translated()
    def get(self, deployment: str) -> RecordedDeployment | None:
        """A deployment; None when there is none."""
        return next(iter(self._get_many([deployment])), None)

    @translated()
    def get_many(self, deployments: Iterable[str]) -> tuple[RecordedDeployment, ...]:
        """Deployments in one round trip, without those that have expired."""
        return self._get_many(deployments)

    @translated()
    def under_way(self, stacks: Iterable[str]) -> tuple[RecordedDeployment, ...]:
        """Of these stacks, the deployments that have not ended; of a killed worker's nobody knows that it has."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for stack in stacks:
                pipeline.lindex(keys.deployments(stack), 0)
            newest = [str(found) for found in pipeline.execute() if found]
        return tuple(each for each in self._get_many(newest) if not each.status.ended)

    @translated()
    def list(self, stack: str, limit: int = 20) -> tuple[RecordedDeployment, ...]:
        """A stack's deployments, newest first."""
        found = self._redis.lrange(keys.deployments(stack), 0, limit - 1)
        return self._get_many([str(item) for item in found])

    @translated()
    def page(
        self,
        cursor: str | None = None,
        limit: int = 20,
        *,
        stack: str | None = None,
        keep: Callable[[RecordedDeployment], bool] = lambda _: True,
    ) -> DeploymentPage:
        """A page of deployments, the newest first.

        Args:
            cursor: the `next` of the page before.
            limit: how many.
            stack: only this stack's; without one, the newest 1000 of all, since there is a list of all.
            keep: which of them.
        """
        ids, found = self._ids(cursor, stack), []
        for start in range(0, len(ids), _BATCH):
            found += [each for each in self._get_many(ids[start : start + _BATCH]) if keep(each)]
            if len(found) > limit:
                return DeploymentPage(tuple(found[:limit]), found[limit - 1].id)
        return DeploymentPage(tuple(found), None)

    def _ids(self, cursor: str | None, stack: str | None) -> Sequence[str]:
        if stack is not None:
            of_stack = map(str, self._redis.lrange(keys.deployments(stack), 0, -1))
            return [each for each in of_stack if cursor is None or each < cursor]
        below = "+" if cursor is None else f"({cursor}"
        return [str(each) for each in self._redis.zrevrangebylex(keys.all_deployments(), below, "-")]

    @translated()
    def tell(self, deployment: str, lines: Iterable[str] = (), steps: Iterable[EndedStep] = ()) -> None:
        """Add lines to a deployment's log, which keeps the newest 10,000, long ones cut; and steps that have ended."""
        log, ended = keys.log(deployment), [json.dumps(step.to_json()) for step in steps]
        with self._redis.pipeline(transaction=False) as pipeline:
            for line in lines:
                pipeline.xadd(log, {"line": _cut(line)}, maxlen=keys.MAX_LOG_LINES, approximate=True)
            if len(pipeline):
                pipeline.expire(log, keys.LOG_SECONDS)
            if ended:
                pipeline.rpush(keys.steps(deployment), *ended)
                pipeline.expire(keys.steps(deployment), keys.DEPLOYMENT_SECONDS)
            if len(pipeline):
                pipeline.execute()

    @translated()
    def read_log(self, deployment: str, after: str = "0", block_ms: int | None = None, count: int = 1000) -> Lines:
        """Lines of a log with their cursors.

        Args:
            deployment: its id.
            after: the cursor of the last line that was read; `0` for all.
            block_ms: how long to wait for a line if there is none, at most 4 s; None does not wait.
            count: at most so many.
        """
        entries = read_stream(self._redis, keys.log(deployment), after, block_ms, count)
        return [(cursor, fields["line"]) for cursor, fields in entries]

    @translated()
    def last_lines(self, deployment: str, count: int) -> tuple[Sequence[str], int]:
        """The newest lines of a log, in order, and how many older ones there are."""
        name = keys.log(deployment)
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.xrevrange(name, count=count)
            pipeline.xlen(name)
            entries, length = pipeline.execute()
        return [str(fields["line"]) for _, fields in reversed(entries)], int(length) - len(entries)

    def _get_many(self, deployments: Iterable[str]) -> tuple[RecordedDeployment, ...]:
        """Deployments, without those that have expired."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for deployment in deployments:
                pipeline.hgetall(keys.deployment(deployment))
                pipeline.lrange(keys.steps(deployment), 0, -1)
            answers = pipeline.execute()
        return tuple(
            RecordedDeployment.from_json(decoded(fields), [json.loads(step) for step in steps])
            for fields, steps in zip(answers[::2], answers[1::2], strict=True)
            if fields
        )


def read_stream(
    redis: Redis, name: str, after: str, block_ms: int | None, count: int
) -> list[tuple[str, dict[str, str]]]:
    """Entries of a stream after a cursor, waiting for the first one if asked to."""
    block = None if block_ms is None else max(1, min(block_ms, LONGEST_BLOCK_MS))
    answer: Any = redis.xread({name: after}, count=count, block=block)
    return [entry for _, entries in answer or () for entry in entries]


def _took(outcome: Outcome, seconds: Mapping[str, float]) -> dict[str, int]:
    """What is counted of a deployment: how long all of it took, by how it ended, and each of its steps."""
    counts = observed("deployment", outcome.value, sum(seconds.values()))
    for step, lasted in seconds.items():
        counts |= observed("step", step, lasted)
    return counts


def _encoded(fields: Mapping[str, object]) -> dict[Any, Any]:
    return {name: json.dumps(value) for name, value in fields.items()}


def _cut(line: str) -> str:
    limit = keys.MAX_LINE_CHARACTERS
    return line if len(line) <= limit else f"{line[:limit]} … ({len(line) - limit} more characters)"
