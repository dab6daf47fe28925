"""Tasks that take their time (`celery worker -I tests.slow_task`), in workers that are stopped sooner than others."""

from __future__ import annotations

import time
from datetime import timedelta

from workers import celery
from workers.runtime.logs import get_logger

celery.STOP_LIMIT = celery.DEPLOY_STOP_LIMIT = timedelta(seconds=5)


@celery.app.task(name="test.slow")  # type: ignore[untyped-decorator]
def slow(seconds: str) -> None:
    """Say so, and sleep."""
    get_logger("tests").warning("begun to sleep")
    time.sleep(float(seconds))
