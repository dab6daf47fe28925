"""Asking a worker about a stack, and waiting for a moment: whoever answers requests sees neither Git nor Docker.

Few at a time, since whoever waits holds a thread of the server, and a crowd must not flood a worker.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from workers.adapters.queue import question_message
from workers.adapters.state import keys
from workers.adapters.state.liveness import Liveness
from workers.celery import pull_queue
from workers.model.errors import RedisUnavailable, TransientError, UserError
from workers.model.question import AT_ONCE, Question
from workers.services import Services

PATIENCE_SECONDS = 10.0
_MOST_WAITING = 12
"""A fifth of the server's threads."""


class Unanswered(TransientError):
    """No worker has answered; the message says what to do."""


class Asker:
    """Asks for a process; threads share it.

    Args:
        services: the process's.
        seconds: how long an answer is waited for.
    """

    def __init__(self, services: Services, seconds: float = PATIENCE_SECONDS) -> None:
        self._services = services
        self._seconds = seconds
        self._seats = threading.BoundedSemaphore(_MOST_WAITING)
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def __call__(self, question: Question, worker: str) -> dict[str, Any]:
        """The worker's answer, as the question's task makes it. An equal question that is under way is joined.

        Args:
            question: the question.
            worker: whose stack it is.

        Raises:
            Unanswered: the worker does not run, has not answered in time, or too many others ask.
            UserError: it cannot be answered, for the reason given.
            RedisUnavailable: nobody could be asked.
        """
        # A message for a worker that is gone would lie there until it comes back.
        if Liveness(self._services.state.redis).missing([pull_queue(worker)]):
            message = f"Worker {worker} does not run, and only it can say. Start it, or see in its log why it ended."
            raise Unanswered(message)
        if not self._seats.acquire(blocking=False):
            raise _crowded()
        try:
            text = self._ask(question, worker)
        finally:
            self._seats.release()
        return _read(text, worker)

    def _ask(self, question: Question, worker: str) -> str | None:
        questions = self._services.state.questions
        identifier, is_new = questions.ask(question)
        if not is_new:
            return questions.wait(identifier, self._seconds)
        if not self._turns.acquire(timeout=self._seconds):
            questions.withdraw(question)
            raise _crowded()
        try:
            self._services.queue.publish([question_message(question, identifier, worker, expires=keys.BEGIN_SECONDS)])
            return questions.wait(identifier, self._seconds)
        except RedisUnavailable:
            questions.withdraw(question)
            raise
        finally:
            self._turns.release()


def _crowded() -> Unanswered:
    message = "Too many others are asking at the moment. Try again in a moment."
    return Unanswered(message)


def _read(text: str | None, worker: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"busy": True} if text is None else json.loads(text)
    if "busy" in answer:
        message = f"Worker {worker} is busy, and has not answered in time. Try again in a moment."
        raise Unanswered(message)
    if "error" in answer:
        raise UserError(str(answer["error"]))
    return answer
