"""While a deployment is under way, somebody looks whether anybody wants it cancelled."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from workers.adapters.state.cancellations import Cancellations
from workers.adapters.state.connection import sibling
from workers.model.errors import RedisUnavailable

_EVERY_SECONDS = 0.5


class CancelWatch:
    """Sets `stop` when a deployment is to be cancelled; a context manager for as long as it is under way.

    Args:
        cancellations: where people ask.
        deployment: its id.

    Attributes:
        stop: set once somebody has asked.
        who: who that was.
    """

    def __init__(self, cancellations: Cancellations, deployment: str) -> None:
        self.stop = threading.Event()
        self.who = ""
        self._cancellations = cancellations
        self._deployment = deployment
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"cancel {deployment}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        """Nothing is asked, and no connection made, for a deployment that ends at once."""
        if self._ended.wait(_EVERY_SECONDS):
            return
        own = Cancellations(sibling(self._cancellations.redis))
        try:
            while not self.stop.is_set():
                self._look(own)
                if self._ended.wait(_EVERY_SECONDS):
                    return
        finally:
            own.redis.close()

    def _look(self, cancellations: Cancellations) -> None:
        try:
            who = cancellations.asked(self._deployment)
        except RedisUnavailable:
            return  # it cannot tell anything now; the deployment goes on
        if who is not None:
            self.who = who
            self.stop.set()
