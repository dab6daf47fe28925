"""What pages ask workers, and what those say: each for a moment, and an equal question under way is joined."""

from __future__ import annotations

import time
from hashlib import blake2b

from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.connection import translated
from workers.adapters.state.identifiers import new_id
from workers.model.question import Question

_SOONEST, _LATEST = 0.03, 0.25  # seconds between two looks for an answer


class Questions:
    """They, in Redis. No answer holds a secret."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated()
    def ask(self, question: Question) -> tuple[str, bool]:
        """Begin a question, or join an equal one.

        Returns:
            The id by which it is answered, and whether it has to be sent to a worker.
        """
        name, identifier = _name(question), new_id()
        if self._redis.set(name, identifier, nx=True, ex=keys.BEGIN_SECONDS):
            return identifier, True
        known = self._redis.get(name)
        return (str(known), False) if known else self.ask(question)  # it was answered in between

    @translated()
    def begin(self, question: Question, identifier: str) -> bool:
        """Whether somebody still waits for an answer; who begins has the time that a task may take."""
        if self._redis.get(_name(question)) != identifier:
            return False
        self._redis.expire(_name(question), keys.ANSWERING_SECONDS)
        return True

    @translated()
    def answer(self, question: Question, identifier: str, text: str) -> None:
        """Answer; whoever asks from here on begins anew."""
        with self._redis.pipeline() as pipeline:
            pipeline.set(keys.answer(identifier), text, ex=keys.ANSWER_SECONDS)
            pipeline.delete(_name(question))
            pipeline.execute()

    @translated()
    def withdraw(self, question: Question) -> None:
        """Let the next begin anew, since this one has reached no worker."""
        self._redis.delete(_name(question))

    @translated()
    def wait(self, identifier: str, seconds: float) -> str | None:
        """Wait for an answer; None when there was none for so long."""
        end, pause = time.monotonic() + seconds, _SOONEST
        while (text := self._redis.get(keys.answer(identifier))) is None:
            left = end - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
            pause = min(pause * 1.3, _LATEST)
        return str(text)


def _name(question: Question) -> str:
    text = "\0".join((question.task, *question.args))
    return keys.asked(blake2b(text.encode(), digest_size=16).hexdigest())
