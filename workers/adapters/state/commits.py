"""What commits say of themselves, for whoever has no clone: written by the pulls that find them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.model.commit import CommitNote


class Commits:
    """Commits by id, in Redis. Ids are the same in every repo, so one of two repos that has it is enough."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def note(self, commits: Mapping[str, CommitNote]) -> None:
        """Keep what commits say; those that are found again stay for longer."""
        if not commits:
            return
        with self._redis.pipeline(transaction=False) as pipeline:
            for commit, said in commits.items():
                pipeline.set(keys.commit(commit), json.dumps(said.to_json()), ex=keys.COMMIT_SECONDS)
            pipeline.execute()

    @translated()
    def get_many(self, commits: Iterable[str | None]) -> dict[str, CommitNote]:
        """What is known of these commits; of some there may be nothing."""
        wanted = [commit for commit in dict.fromkeys(commits) if commit]
        texts = self._redis.mget([keys.commit(commit) for commit in wanted]) if wanted else []
        found = zip(wanted, texts, strict=True)
        return {commit: CommitNote.from_json(json.loads(text)) for commit, text in found if text}
