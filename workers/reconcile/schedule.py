"""What is sent now and then: `tegu.reconcile` for every worker, and `tegu.pull` for every repo with `poll`.

Every worker that takes what is quick sends it (`again`), and so does `celery -A workers beat`, for whoever wants one:
of all of them, whoever comes first, once in each interval.

Made from the catalog, and made again when the catalog changes. Nothing is kept on disk: after a restart every
interval begins anew, and a starting worker reconciles by itself. A worker elsewhere that is not there is sent nothing,
which would only pile up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import schedules
from celery.beat import Scheduler

from workers.adapters.state.chores import Chores
from workers.adapters.state.connection import connect
from workers.adapters.state.liveness import Liveness
from workers.catalog import Catalog, CatalogFile
from workers.celery import PULL, RECONCILE, pull_queue
from workers.model.errors import RedisUnavailable, TeguError
from workers.model.words import Trigger
from workers.runtime.logs import get_logger
from workers.runtime.settings import Settings, load_settings

log = get_logger(__name__)

_REDIS_SECONDS = 2.0
LOOK_SECONDS = 15
"""How long it sleeps at most, and hence how late it sees a changed catalog."""


def entries(settings: Settings, catalog: Catalog | None) -> dict[str, dict[str, Any]]:
    """The entries by name.

    A message that nobody has taken within its interval is of no use any more: the next one is on its way.

    Args:
        settings: whose worker, and how often each one reconciles.
        catalog: None while it is invalid; only this worker's reconcile is scheduled then.
    """
    found = {"reconcile": _entry(RECONCILE, settings.reconcile, worker=settings.worker)}
    for worker in catalog.all_workers if catalog else ():
        if worker != settings.worker:
            found[f"reconcile {worker}"] = _entry(RECONCILE, settings.reconcile, worker=worker)
    for repo in catalog.repos.values() if catalog else ():
        if repo.poll:
            found[f"poll {repo.name}"] = _entry(PULL, repo.poll, repo=repo.name)
    return found


def _entry(task: str, interval: timedelta, **kwargs: str) -> dict[str, Any]:
    options = {"expires": interval.total_seconds(), "headers": {"trigger": Trigger.POLL.value}}
    return {"task": task, "schedule": schedules.schedule(interval), "kwargs": kwargs, "options": options}


class Schedule(Scheduler):  # type: ignore[misc]
    """Celery's scheduler in memory, fed by the catalog."""

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Celery's own signature)
        self._settings = load_settings()
        self._file = CatalogFile(self._settings.catalog)
        redis = connect(self._settings.state_url, timeout=_REDIS_SECONDS, retries=0)
        self._liveness, self._chores = Liveness(redis), Chores(redis)
        self._version: str | None = None
        kwargs["max_interval"] = kwargs.get("max_interval") or LOOK_SECONDS
        super().__init__(app, *args, **kwargs)

    def setup_schedule(self) -> None:
        """Make the entries anew; those that stay the same keep their last run."""
        catalog = self._catalog()
        self._version = catalog.version if catalog else None
        self.merge_inplace(entries(self._settings, catalog))

    def apply_entry(self, entry: Any, producer: Any = None) -> None:  # noqa: ANN401 (Celery's own signature)
        """Send what an entry says, unless another has, but nothing to a worker of another host that is not there."""
        if not self._is_first(entry):
            return
        worker = entry.kwargs.get("worker")
        if entry.task == RECONCILE and worker != self._settings.worker and self._is_away(worker):
            log.info("worker is not there, and will reconcile when it starts", worker=worker)
            return
        super().apply_entry(entry, producer)

    def tick(self, *args: Any, **kwargs: Any) -> float:  # noqa: ANN401 (Celery's own signature)
        """Send what is due, by the catalog as it is now."""
        catalog = self._catalog()
        if catalog and catalog.version != self._version:
            self.setup_schedule()
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def _is_first(self, entry: Any) -> bool:  # noqa: ANN401 (Celery's own)
        """By what is sent, not by the entry's name: that is another for the own worker."""
        name = f"{entry.task}:{entry.kwargs.get('worker') or entry.kwargs.get('repo')}"
        try:
            return self._chores.send(name, entry.schedule.run_every)
        except RedisUnavailable:
            return True  # sending will tell

    def _is_away(self, worker: str) -> bool:
        try:
            return bool(self._liveness.missing([pull_queue(worker)]))
        except RedisUnavailable:
            return False  # sending will tell

    def _catalog(self) -> Catalog | None:
        try:
            return self._file.current()
        except TeguError as error:
            log.warning("catalog unusable", error=str(error))
            return None
