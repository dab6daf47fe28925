"""A worker that answers what pages ask, and does nothing else: the tasks themselves, without Celery's consumer."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workers.adapters.state.connection import sibling
from workers.adapters.state.liveness import Liveness
from workers.answers import tasks
from workers.celery import COMPOSE, DIFF, PLAN, pull_queue
from workers.services import Services

_TASKS = {PLAN: tasks.plan, DIFF: tasks.diff, COMPOSE: tasks.compose}


class Answering:
    """What was asked, in order: each task's name and arguments, but for the last."""

    def __init__(self, services: Services) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._redis = sibling(services.state.redis)
        self._queue = pull_queue(services.settings.worker)
        self._ends = threading.Event()

    def run(self) -> None:
        while not self._ends.is_set():
            taken = self._redis.brpop([self._queue], timeout=0.1)
            if taken is None:
                continue
            message = json.loads(taken[1])
            args, _, _ = json.loads(base64.b64decode(message["body"]))
            name = message["headers"]["task"]
            if name in _TASKS:
                self.asked.append((name, *args[:-1]))
                _TASKS[name](*args)

    def end(self) -> None:
        self._ends.set()

    def close(self) -> None:
        self._redis.close()


@contextmanager
def answering(services: Services) -> Iterator[Answering]:
    """Let a thread answer; `workers.answers.tasks.current_services` has to give the same services."""
    Liveness(services.state.redis).beat([pull_queue(services.settings.worker)])
    made = Answering(services)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.end()
        thread.join(20)
        made.close()
