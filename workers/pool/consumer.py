"""Celery's consumer, which tells of what has happened to tasks in groups, and lets some be done at a glance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.worker import consumer

from workers.pool.light import LightWork
from workers.pool.pool import TaskPool

_TOGETHER = 0.2  # seconds; what happens within them is one message to Flower


class Consumer(consumer.Consumer):  # type: ignore[misc]
    """Celery's, which would publish what has just happened at every turn of its loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Celery's own signature)
        self._is_due = False
        super().__init__(*args, **kwargs)

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], object]:  # noqa: ANN401
        """What is called for each message."""
        in_full: Callable[[Any], object] = super().create_task_handler(*args, **kwargs)
        tasks = {name: task for name, task in self.app.tasks.items() if hasattr(task, "at_a_glance")}
        if not (tasks and isinstance(self.pool, TaskPool)):
            return in_full  # another pool was asked for
        return LightWork(self, tasks, self.pool.apply_light, in_full).handle

    def on_send_event_buffered(self) -> None:
        """Something is to be told; called in whatever thread it has happened."""
        if self.hub and not self._is_due:
            self._is_due = True
            self.hub.call_soon(self._tell_soon)

    def shutdown(self) -> None:
        """Tell the last of it, and end."""
        self._flush_events()
        super().shutdown()

    def _tell_soon(self) -> None:
        self.hub.call_later(_TOGETHER, self._tell)

    def _tell(self) -> None:
        self._is_due = False
        self._flush_events()
