"""Asking workers from pages, few at a time: whoever waits holds a thread, and a crowd must not flood a worker."""

from __future__ import annotations

import threading
from typing import Any

from workers.model.question import Question
from workers.reconcile.ask import PATIENCE_SECONDS, Unanswered, ask
from workers.services import Services

_AT_ONCE = 4
"""As many as a worker's quick lane works on at once."""
_MOST_WAITING = 12
"""A fifth of the server's threads."""


class Asking:
    """Asks for pages; threads share it.

    Args:
        services: the process's.
        seconds: how long an answer is waited for.
    """

    def __init__(self, services: Services, seconds: float = PATIENCE_SECONDS) -> None:
        self._services = services
        self._seconds = seconds
        self._seats = threading.BoundedSemaphore(_MOST_WAITING)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def __call__(self, question: Question, worker: str) -> dict[str, Any]:
        """The worker's answer.

        Raises:
            Unanswered: there was none, or too many others ask at the moment.
            UserError: it cannot be answered, for the reason given.
            RedisUnavailable: nobody could be asked.
        """
        message = "too many others are asking at the moment; try again"
        if not self._seats.acquire(blocking=False):
            raise Unanswered(message)
        try:
            if not self._turns.acquire(timeout=self._seconds):
                raise Unanswered(message)
            try:
                return ask(self._services, question, worker, self._seconds)
            finally:
                self._turns.release()
        finally:
            self._seats.release()
