"""Reading runs: pages of whole ones for people, heads and single parts for whoever works on a stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import HEAD, Run, RunHead, RunPage, part_of
from workers.adapters.state.scripts import Scripts


class RunReader:
    """What can be known of runs. Only whole runs take longer the more stacks they have."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def get(self, run: str) -> Run | None:
        """All of a run; None when there is none."""
        return Run.from_stored(json.loads(self._scripts("run", run)))

    @translated()
    def list(
        self,
        cursor: str | None = None,
        limit: int = 20,
        repo: str | None = None,
        stack: str | None = None,
        *,
        keep: Callable[[RunHead], bool] | None = None,
    ) -> RunPage:
        """A page of runs, the newest first.

        Args:
            cursor: the `next` of the page before.
            limit: how many.
            repo: only this repo's.
            stack: only those that did something to this stack.
            keep: which of them; what a run did to its stacks is read of those alone.
        """
        index = keys.runs_of_stack(stack) if stack else keys.runs_of_repo(repo) if repo else keys.runs()
        items: list[Run] = []
        while len(items) <= limit:  # one more, which tells whether there is a next page
            below = f"({cursor}" if cursor else "+"
            found = [str(run) for run in self._redis.zrevrangebylex(index, below, "-", start=0, num=limit + 1)]
            if not found:
                return RunPage(tuple(items), None)
            left_out = self._left_out(found, keep)
            for run in found:
                if len(items) > limit:
                    break
                cursor = run
                if run in left_out:
                    continue
                known = self.get(run)
                if known is None:
                    self._redis.zrem(index, run)
                elif not repo or repo in known.repos:
                    items.append(known)
        return RunPage(tuple(items[:limit]), items[limit - 1].id)

    def _left_out(self, runs: Sequence[str], keep: Callable[[RunHead], bool] | None) -> frozenset[str]:
        return frozenset(head.id for head in self.heads(runs) if not keep(head)) if keep else frozenset()

    def heads(self, runs: Iterable[str]) -> tuple[RunHead, ...]:
        """The heads of runs, without those that are gone; what a run has done to its stacks is not read."""
        found = (RunHead.from_stored(stored) for stored in self._stored_heads(tuple(runs)))
        return tuple(head for head in found if head is not None)

    def head(self, run: str) -> RunHead | None:
        """The head of one run; None when it is gone."""
        return next(iter(self.heads([run])), None)

    @translated()
    def newest(self, limit: int) -> tuple[RunHead, ...]:
        """The heads of the newest runs, the newest first."""
        return self.heads(self.newest_ids(limit))

    @translated()
    def newest_ids(self, limit: int) -> tuple[str, ...]:
        """The ids of the newest runs, the newest first."""
        found = self._redis.zrevrangebylex(keys.runs(), "+", "-", start=0, num=limit)
        return tuple(str(run) for run in found)

    @translated()
    def under_way(self, limit: int) -> tuple[Run, ...]:
        """Runs that have not ended, the newest first."""
        found = self._redis.zrevrange(keys.open_runs(), 0, limit - 1)
        return tuple(run for run in map(self.get, map(str, found)) if run is not None and not run.status.ended)

    @translated()
    def heads_under_way(self, limit: int) -> tuple[RunHead, ...]:
        """The same without their stacks, of which there may be thousands."""
        return self.heads(map(str, self._redis.zrevrange(keys.open_runs(), 0, limit - 1)))

    @translated()
    def parts(self, run: str, stacks: Sequence[str]) -> Mapping[str, StackResult]:
        """The parts that some stacks have in a run; those that have none are left out."""
        texts = self._redis.hmget(keys.run(run), [part_of(stack) for stack in stacks]) if stacks else []
        found = zip(stacks, texts, strict=True)
        return {stack: StackResult.from_json(stack, json.loads(text)) for stack, text in found if text}

    @translated()
    def _stored_heads(self, runs: Sequence[str]) -> Sequence[dict[str, str | None]]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for run in runs:
                pipeline.hmget(keys.run(run), HEAD)
            heads = [dict(zip(HEAD, values, strict=True)) for values in pipeline.execute()]
        for run, head in zip(runs, heads, strict=True):
            if head["id"] is not None and head["has_pulls"] is None:  # made before this was noted
                pulls = any(str(name).startswith("pull:") for name in self._redis.hkeys(keys.run(run)))
                head["has_pulls"] = "1" if pulls else "0"
        return heads
