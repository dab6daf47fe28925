"""The last webhooks of each repo and what became of them, so that a person can see why nothing happens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that came.

    Attributes:
        repo: to whose address.
        forge: that sent it, by its headers.
        result: what became of it, in a word, as it is counted for Prometheus.
        at: when, as text.
        detail: why it was refused or ignored, for people; empty where it was neither.
        run: the run that looks at what was pushed; None where there is none.
    """

    repo: str
    forge: str
    result: str
    at: str
    detail: str = ""
    run: str | None = None

    @classmethod
    def from_json(cls, repo: str, stored: Mapping[str, Any]) -> Delivery:
        """From Redis."""
        forge, result, at, detail = (stored.get(name) or "" for name in ("forge", "result", "at", "detail"))
        return cls(repo, forge, result, at, detail, stored.get("run"))

    def stored(self) -> dict[str, str | None]:
        """For Redis."""
        return {"forge": self.forge, "result": self.result, "at": self.at, "detail": self.detail, "run": self.run}

    def to_json(self) -> dict[str, str | None]:
        """As the API shows it."""
        return {"repo": self.repo, **self.stored()}


class Deliveries:
    """Deliveries in Redis, the newest of each repo."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Keep deliveries, the oldest first; they push out those that are older."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for each in deliveries:
                name = keys.deliveries(each.repo)
                pipeline.lpush(name, json.dumps(each.stored()))
                pipeline.ltrim(name, 0, keys.MAX_DELIVERIES - 1)
                pipeline.expire(name, keys.DELIVERY_SECONDS)
            pipeline.execute()

    @translated()
    def list(self, repos: Iterable[str]) -> tuple[Delivery, ...]:
        """The last deliveries to these repos, the newest first."""
        names = tuple(repos)
        with self._redis.pipeline(transaction=False) as pipeline:
            for repo in names:
                pipeline.lrange(keys.deliveries(repo), 0, -1)
            answers = pipeline.execute()
        found = [
            Delivery.from_json(repo, json.loads(text))
            for repo, texts in zip(names, answers, strict=True)
            for text in texts
        ]
        return tuple(sorted(found, key=lambda each: each.at, reverse=True))
