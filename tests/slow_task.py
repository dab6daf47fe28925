"""Tasks that take their time, or too much of it (`celery worker -I tests.slow_task`), in workers of less patience."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

from celery import signals

from workers import celery
from workers.pool import limits
from workers.runtime.logs import get_logger

celery.STOP_LIMIT = celery.DEPLOY_STOP_LIMIT = timedelta(seconds=5)
limits.GRACE = 2.0

log = get_logger("tests")


@signals.task_prerun.connect  # type: ignore[untyped-decorator]
def say_what_celery_runs(task: celery.TeguTask, **_: object) -> None:
    """What is done at a glance is not among it."""
    log.warning("in full", run=task.name)


@celery.app.task(name="test.slow")  # type: ignore[untyped-decorator]
def slow(seconds: str) -> None:
    """Say so, and sleep."""
    log.warning("begun to sleep")
    time.sleep(float(seconds))


@celery.app.task(name="test.endless", time_limit=1)  # type: ignore[untyped-decorator]
def endless(what: str) -> None:
    """A loop that takes no fault for a reason to end."""
    log.warning("begun an endless loop")
    while what:
        try:
            time.sleep(0.01)
        except Exception:
            log.exception("it goes on")


@celery.app.task(name="test.unending", time_limit=1)  # type: ignore[untyped-decorator]
def unending(seconds: str) -> None:
    """Nothing reaches it while it is in the kernel."""
    log.warning("begun what does not end")
    time.sleep(float(seconds))


@celery.app.task(name="test.endless_by_hand")  # type: ignore[untyped-decorator]
def endless_by_hand(what: str) -> None:
    """Ended by nobody but somebody."""
    log.warning("begun until somebody ends it")
    while what:
        time.sleep(0.01)


@celery.app.task(name="test.die")  # type: ignore[untyped-decorator]
def die(_: str) -> None:
    """As when there is no memory left."""
    os.kill(os.getpid(), signal.SIGKILL)
