"""What of Celery's own requests is different for threads."""

from __future__ import annotations

from typing import Any

from celery.worker import request


class Request(request.Request):  # type: ignore[misc]
    """A message that has been taken."""

    def cancel(self, pool: object, signal: object = None, emit_retry: bool = True) -> None:
        """A worker that is ended at once gives it back; its thread ends with the process, as with a kill."""
        del pool, signal, emit_retry

    def give_back(self) -> None:
        """Let another worker have it, or this one when it is started again."""
        self.reject(requeue=True)


def request_of(callback: Any) -> Any:  # noqa: ANN401 (Celery has no types)
    """The request whose method a callback is."""
    return callback.__self__
