"""What was told to whom, so that nobody is told the same twice."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.adapters.state.scripts import Scripts
from workers.model.news import Ended, Told


class Notices:
    """Notices in Redis. A receiver is its name in the catalog, never its address."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    @translated()
    def remember(self, ended: Ended, told: str) -> bool:
        """Remember what is being told of a stack or a repo's pull; False when somebody else was faster."""
        return bool(self._scripts("remember_told", *_place(ended.subject, ended.worker), ended.told, told))

    @translated()
    def still_bad(self, subject: str, worker: str | None) -> Told | None:
        """What somebody was told of a stack, or of a repo's pulls on a worker, that is still bad."""
        text = self._redis.hget(*_place(subject, worker))
        return None if text is None else Told.from_text(str(text))

    @translated()
    def told(self, task: str) -> frozenset[str]:
        """The receivers that have taken a task's notice: it is not sent to them when the task runs again."""
        return frozenset(str(name) for name in self._redis.smembers(keys.told(task)))

    @translated()
    def away(self, worker: str, receivers: Iterable[str]) -> frozenset[str]:
        """Those of the receivers that have just not taken a notice from a worker."""
        names = tuple(receivers)
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.exists(keys.away(worker, name))
            return frozenset(name for name, gone in zip(names, pipeline.execute(), strict=True) if gone)

    @translated()
    def note(self, task: str, worker: str, receivers: Iterable[tuple[str, bool]]) -> None:
        """Note which receivers have taken a task's notice from a worker, and which have not."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for name, taken in receivers:
                if taken:
                    pipeline.sadd(keys.told(task), name)
                    pipeline.expire(keys.told(task), keys.TOLD_SECONDS)
                else:
                    pipeline.set(keys.away(worker, name), "1", ex=keys.AWAY_SECONDS)
            pipeline.execute()


def _place(subject: str, worker: str | None) -> tuple[str, str]:
    """The key and the field."""
    return (keys.status(subject), "told") if worker is None else (keys.fetched(subject, worker), "#told")
