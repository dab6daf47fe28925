"""The watchers of a worker: one for each engine that its stacks run on, in threads of the process that consumes.

Of all processes of a worker on a host one watches: whoever holds a lock of the data directory. It belongs to the
process alone (`fcntl.lockf`), not to the children that it starts: they would hold it beyond its end.
"""

from __future__ import annotations

import fcntl
import threading
from functools import cache
from typing import Any

from celery import signals

from workers.adapters.state.paths import make_private
from workers.celery import app, pull_queue
from workers.model.errors import CatalogError
from workers.reconcile.engine_watch import EngineWatch
from workers.runtime.logs import get_logger
from workers.services import Services, services_of_this_process

log = get_logger(__name__)

_EVERY_SECONDS = 5.0


class Watch:
    """Sees to it that each engine is watched, and says that it is.

    Args:
        services: of this process.
        worker: whose stacks.
    """

    def __init__(self, services: Services, worker: str) -> None:
        self._services = services
        self._worker = worker
        self._engines: dict[str, EngineWatch] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin, once no other process of this worker does it."""
        self._thread.start()

    def end(self) -> None:
        """End all watching, and let somebody else do it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        folder = self._services.settings.data_dir / "state"
        make_private(folder)
        with (folder / f".watch-{self._worker}.lock").open("w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            while not self._ended.is_set():
                try:
                    self._look_after()
                except Exception:
                    # Nothing that goes wrong here may end it for good.
                    log.exception("a bug in watching engines")
                self._ended.wait(_EVERY_SECONDS)
            for each in self._engines.values():
                each.end()

    def _look_after(self) -> None:
        try:
            environments = self._services.catalog.current().environments.values()
        except CatalogError:
            return
        wanted = {each.docker_host for each in environments if each.worker == self._worker}
        for host in wanted - self._engines.keys():
            self._engines[host] = EngineWatch(self._services, self._worker, host)
            self._engines[host].start()
        for host in self._engines.keys() - wanted:
            self._engines.pop(host).retire()
        for each in self._engines.values():
            each.beat()


@cache
def _of_this_process() -> Watch:
    made = Watch(services_of_this_process(), app.conf.tegu_worker)
    made.start()
    return made


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _start(sender: Any = None, **_: object) -> None:  # noqa: ANN401 (Celery's consumer)
    """Sent at every (re)connection; only a worker that does what is quick watches."""
    if pull_queue(app.conf.tegu_worker) in sender.app.amqp.queues.consume_from:
        _of_this_process()
