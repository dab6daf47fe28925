"""The pool that Celery's worker hands its tasks to: one process for both queues, kept apart inside.

`worker_pool` names it, so every `celery -A workers worker` has it; `-P solo` still is another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from celery.concurrency.base import BasePool
from celery.worker import state

from workers import celery
from workers.pool import limits
from workers.pool.channel import wait_patiently
from workers.pool.intake import ask_only_for
from workers.pool.job import Job
from workers.pool.lane import Lane
from workers.pool.light import LightJob
from workers.pool.request import request_of
from workers.runtime.giving_way import give_way_to
from workers.runtime.interrupted import Terminated

QUICK_SLOTS = 4  # decisions take turns on one core anyway
QUICK_UNDER_WAY = (
    16  # pulls that wait for a Git server, each with a `git fetch`, hold up nobody until there are so many
)
QUICK_ENOUGH = 64
QUICK_TOGETHER = 16  # what one thread decides in two round trips; somebody else may wait so long for his turn
MOST_UNDER_WAY = 300  # deployments, nearly all of them waiting: each has a lock, a thread and a connection
HOOKS = 4  # for each slot: dumps of databases that wait for their disk, but not all of a board's at once


class TaskPool(BasePool):  # type: ignore[misc]
    """Two lanes of threads, and the limits of what runs in them."""

    signal_safe = False
    body_can_be_buffer = True

    def on_start(self) -> None:
        """Begin."""
        slots, worker = int(self.limit), self.app.conf.tegu_worker
        self._hub: Any = None
        self._quick = Lane("quick", QUICK_SLOTS, most=QUICK_UNDER_WAY, enough=QUICK_ENOUGH, together=QUICK_TOGETHER)
        self._deploy = Lane("deploy", slots, most=MOST_UNDER_WAY + slots, enough=4 * slots, hooks=HOOKS * slots)
        self._deploy_queue = celery.deploy_queue(worker)
        ask_only_for(celery.pull_queue(worker), lambda: self._quick.room)
        ask_only_for(self._deploy_queue, lambda: self._deploy.room)
        give_way_to(lambda: self._deploy.slots.is_used)
        self._limits = limits.Limits(self._running, limits.GRACE)
        wait_patiently()

    def register_with_event_loop(self, hub: object) -> None:
        """The loop that consumes, acknowledges and sends events."""
        self._hub = hub

    def on_apply(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        accept_callback: object,
        timeout: float | None = None,
        **_: object,
    ) -> Job:
        """Let a task be done when its turn comes in its lane."""
        job = Job(partial(target, *args, **kwargs), request_of(accept_callback), timeout, self._end)
        delivered = job.request.delivery_info or {}
        lane = self._deploy if delivered.get("routing_key") == self._deploy_queue else self._quick
        lane.submit(job)
        self._limits.look()
        return job

    def apply_light(self, job: LightJob) -> None:
        """Let what may be done at a glance be done when its turn comes."""
        self._quick.submit(job)

    def terminate_job(self, pid: int, signal: int | None = None) -> None:
        """Somebody wants a task ended (`revoke(terminate=True)`, Flower's button)."""
        for job in self._running():
            if job.pid == pid:
                job.terminate(signal)

    def _end(self, job: Job) -> None:
        """A task that knows a better way than to be interrupted is asked to end by itself."""
        ask = getattr(job.request.task, "ask_to_end", None)
        if ask is None or not ask(job.request.args, job.request.kwargs):
            job.interrupt(Terminated)

    def flush(self) -> None:
        """The connection to Redis is lost: what has not begun cannot be acknowledged, and comes again."""
        for lane in (self._quick, self._deploy):
            lane.drop()

    def on_stop(self) -> None:
        """Give back what has not begun, and let the rest end, within its limit.

        What is left then is not acknowledged, so it goes back to the queue when the connection is closed.
        """
        if state.should_terminate:
            return
        for lane in (self._quick, self._deploy):
            for job in lane.drop():
                job.give_back()
        started = time.monotonic()
        bounds = ((self._quick, celery.STOP_LIMIT), (self._deploy, celery.DEPLOY_STOP_LIMIT))
        while any(lane.running and time.monotonic() - started < limit.total_seconds() for lane, limit in bounds):
            if state.should_terminate:
                return
            self._turn()
        self._turn()

    def _turn(self) -> None:
        """Let what has ended be acknowledged while the loop itself has ended already."""
        if self._hub is None:
            time.sleep(0.1)
            return
        self._hub.call_later(0.5, _nothing)  # so long it waits at most
        try:
            self._hub.run_once()
        except Exception:  # noqa: BLE001 (a connection that is lost, too: what is not acknowledged comes again)
            time.sleep(0.1)

    def _running(self) -> Iterable[Job]:
        return [job for lane in (self._quick, self._deploy) for job in lane.running if isinstance(job, Job)]

    def _get_info(self) -> dict[str, Any]:
        lanes = {"quick": self._quick, "deploy": self._deploy}
        shown = {name: {"threads": lane.threads, "running": len(lane.running)} for name, lane in lanes.items()}
        return {**super()._get_info(), **shown}


def _nothing() -> None:
    """Wake the loop."""
