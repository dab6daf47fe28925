"""Asking a worker about a stack, and waiting for a moment: whoever answers requests sees neither Git nor Docker."""

from __future__ import annotations

import json
from typing import Any

from workers.adapters.queue import question_message
from workers.adapters.state import keys
from workers.adapters.state.liveness import Liveness
from workers.celery import pull_queue
from workers.model.errors import RedisUnavailable, TransientError, UserError
from workers.model.question import Question
from workers.services import Services

PATIENCE_SECONDS = 10.0


class Unanswered(TransientError):
    """No worker has answered; the message says what to do."""


def ask(services: Services, question: Question, worker: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """Ask a worker; an equal question that is under way is joined.

    Args:
        services: the process's.
        question: the question.
        worker: whose stack it is.
        seconds: how long to wait.

    Returns:
        The answer, as the question's task makes it.

    Raises:
        Unanswered: the worker does not run, or has not answered in time.
        UserError: it cannot be answered, for the reason given.
        RedisUnavailable: nobody could be asked.
    """
    # A message for a worker that is gone would lie there until it comes back.
    if Liveness(services.state.redis).missing([pull_queue(worker)]):
        message = f"worker {worker} does not run, and only it can say; start it, or see in its log why it ended"
        raise Unanswered(message)
    questions = services.state.questions
    identifier, is_new = questions.ask(question)
    if is_new:
        try:
            message_ = question_message(question, identifier, worker, expires=keys.BEGIN_SECONDS)
            services.queue.publish([message_])
        except RedisUnavailable:
            questions.withdraw(question)
            raise
    text = questions.wait(identifier, seconds)
    if text is None:
        message = f"worker {worker} has not answered within {seconds:.0f} s, so it is busy; try again in a moment"
        raise Unanswered(message)
    answer: dict[str, Any] = json.loads(text)
    if "error" in answer:
        raise UserError(str(answer["error"]))
    return answer
