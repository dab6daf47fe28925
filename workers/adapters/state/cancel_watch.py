"""While deployments are under way, somebody looks whether anybody wants one of them cancelled.

One thread looks for all deployments of a process, with one question, over a connection that no other command holds up.
It is there only while there is something to look for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workers.adapters.state.cancellations import Cancellations
from workers.adapters.state.connection import sibling
from workers.model.errors import RedisUnavailable

_EVERY_SECONDS = 0.5


class Watched:
    """A deployment under way.

    Args:
        beat: is called now and then while it is; it must not raise.

    Attributes:
        stop: set once somebody has asked for it to be cancelled.
        who: who that was.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self.stop = threading.Event()
        self.who = ""
        self.beat = beat


class CancelWatch:
    """The deployments of one process that are under way; threads may share it, a forked process may not.

    Args:
        cancellations: where people ask.
    """

    def __init__(self, cancellations: Cancellations) -> None:
        self._cancellations = cancellations
        self._lock = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._ended = threading.Event()  # set when there is nothing left to look for
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, deployment: str, beat: Callable[[], None] = lambda: None) -> Iterator[Watched]:
        """Look after a deployment for as long as it is under way.

        Args:
            deployment: its id.
            beat: is called now and then; it must not raise.
        """
        watched = Watched(beat)
        with self._lock:
            if not self._watched:
                self._ended = threading.Event()
                self._thread = threading.Thread(target=self._run, args=(self._ended,), name="cancel watch", daemon=True)
                self._thread.start()
            self._watched[deployment] = watched
        try:
            yield watched
        finally:
            with self._lock:
                del self._watched[deployment]
                idle = None if self._watched else self._thread
                if idle is not None:
                    self._ended.set()
            if idle is not None:
                idle.join()

    def _run(self, ended: threading.Event) -> None:
        """Nothing is asked, and no connection made, for deployments that end at once."""
        if ended.wait(_EVERY_SECONDS):
            return
        own = Cancellations(sibling(self._cancellations.redis))
        try:
            while True:
                self._look(own)
                if ended.wait(_EVERY_SECONDS):
                    return
        finally:
            own.redis.close()

    def _look(self, cancellations: Cancellations) -> None:
        with self._lock:
            watched = dict(self._watched)
        for each in watched.values():
            each.beat()
        try:
            asked = cancellations.asked(watched)
        except RedisUnavailable:
            return  # it cannot tell anything now; the deployments go on
        for deployment, who in asked.items():
            watched[deployment].who = who
            watched[deployment].stop.set()
