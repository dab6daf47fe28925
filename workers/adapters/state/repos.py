"""How repos stand: how the last pull of each ended on every worker, and whom one is asking at this moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.clock import now
from workers.adapters.state.connection import translated
from workers.adapters.state.scripts import Scripts
from workers.model.errors import RedisUnavailable
from workers.model.messages import shortened
from workers.model.words import PullStatus


@dataclass(frozen=True, slots=True)
class LastPull:
    """How a repo's last pull on a worker ended.

    Attributes:
        status: `succeeded` or `failed`; a try that will be repeated has failed.
        at: when, as text.
        since: when the first of all those in a row ended that ended like this.
        error: why it failed, without secrets; None if it did not.
        good: when the last one ended that succeeded; None for none, and where an earlier release did not say.
    """

    status: PullStatus
    at: str
    since: str
    error: str | None = None
    good: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it has failed."""
        return self.status is PullStatus.FAILED

    @classmethod
    def from_text(cls, text: str) -> LastPull:
        """From Redis."""
        fields: dict[str, Any] = json.loads(text)
        status, good = PullStatus(fields["status"]), fields.get("good")
        if status is PullStatus.SUCCEEDED:
            good = fields["at"]
        return cls(status, fields["at"], fields["since"], fields.get("error"), good)

    def to_json(self) -> dict[str, str | None]:
        """As the API shows it."""
        return {"status": self.status, "at": self.at, "since": self.since, "error": self.error}


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom a pull is asking, and since when."""

    host: str
    since: str

    @classmethod
    def from_text(cls, text: str) -> Asking:
        """From Redis."""
        return cls(**json.loads(text))

    def to_json(self) -> dict[str, str]:
        """As it is stored and shown."""
        return {"host": self.host, "since": self.since}


@dataclass(frozen=True, slots=True)
class RepoState:
    """How a repo stands, by worker; a worker that has never pulled it is in none.

    Attributes:
        repo: the repo.
        pulls: how the last of each worker ended.
        asked: whom each is asking at this moment.
        sizes: bytes of each worker's clone, as far as they were counted.
        heads: the newest fetched commit of each ref, on whichever worker.
    """

    repo: str
    pulls: Mapping[str, LastPull] = field(default_factory=dict)
    asked: Mapping[str, Asking] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)

    @property
    def last_pull(self) -> LastPull | None:
        """The newest one; where some workers' have failed, the newest of those."""
        return max(self.pulls.values(), key=lambda each: (each.failed, each.at), default=None)

    @property
    def asking(self) -> Asking | None:
        """What has been waited for the longest."""
        return min(self.asked.values(), key=lambda each: each.since, default=None)

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        last, asking = self.last_pull, self.asking
        return {
            "repo": self.repo,
            "last_pull": last.to_json() if last else None,
            "asking": asking.to_json() if asking else None,
            "workers": {worker: each.to_json() for worker, each in sorted(self.pulls.items())},
            "sizes": dict(sorted(self.sizes.items())),
        }


class Repos:
    """How repos stand, in Redis. How a pull ends is noted with the end of its part in the run (`Runs.end_pull`)."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def all(self, workers: Mapping[str, Iterable[str]]) -> tuple[RepoState, ...]:
        """How these repos stand, in one round trip.

        Args:
            workers: of each repo, those that pull it; what others once did is of no interest any more.
        """
        of = {repo: tuple(names) for repo, names in workers.items()}
        with self._redis.pipeline(transaction=False) as pipeline:
            for repo, names in of.items():
                pipeline.hgetall(keys.pulled(repo))
                pipeline.hgetall(keys.clone_sizes(repo))
                for worker in names:
                    pipeline.get(keys.asking(repo, worker))
                    pipeline.hgetall(keys.fetched(repo, worker))
            answers = iter(pipeline.execute())
        return tuple(self._state(repo, names, answers) for repo, names in of.items())

    @translated()
    def note_failed_try(self, repo: str, worker: str, error: str) -> None:
        """Note a pull that has failed and will be tried again, which does not end its part in the run."""
        self._scripts("note_pull", repo, worker, now(), shortened(error))

    @translated()
    def note_size(self, repo: str, worker: str, size: int) -> None:
        """Note how many bytes a worker's clone has."""
        self._redis.hset(keys.clone_sizes(repo), worker, size)

    @contextmanager
    def asking(self, repo: str, worker: str, host: str, seconds: float) -> Iterator[None]:
        """Note, while the block runs, that a pull waits for an answer. A Redis that is away is not waited for.

        Args:
            repo: the repo.
            worker: whose pull it is.
            host: who is asked.
            seconds: how long at most: so long this stands after the process was killed, unless it pulls again earlier.
        """
        key = keys.asking(repo, worker)
        with suppress(RedisUnavailable), translated():
            self._redis.set(key, json.dumps(Asking(host, now()).to_json()), ex=round(seconds) + 1)
        try:
            yield
        finally:
            with suppress(RedisUnavailable), translated():
                self._redis.delete(key)

    @staticmethod
    def _state(repo: str, workers: tuple[str, ...], answers: Iterator[Any]) -> RepoState:
        pulled: Mapping[str, str] = next(answers)
        sizes: Mapping[str, str] = next(answers)
        asked: dict[str, Asking] = {}
        heads: dict[str, tuple[str, str]] = {}
        for worker in workers:
            if (text := next(answers)) is not None:
                asked[worker] = Asking.from_text(str(text))
            for ref, found in _heads(next(answers)).items():
                heads[ref] = max(found, heads.get(ref, found))
        return RepoState(
            repo,
            {worker: LastPull.from_text(pulled[worker]) for worker in workers if worker in pulled},
            asked,
            {worker: int(sizes[worker]) for worker in workers if worker in sizes},
            {ref: commit for ref, (_, commit) in sorted(heads.items())},
        )


def _heads(fetched: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The commit of each ref, behind the run that found it; fields with a `#` are no refs."""
    found = {ref: json.loads(text) for ref, text in fetched.items() if not ref.startswith("#")}
    return {ref: (str(each.get("run") or ""), str(each["commit"])) for ref, each in found.items()}
