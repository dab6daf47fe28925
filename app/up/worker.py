"""The worker as `tegu up` runs it: Celery's own command, without the others that its command line loads along.

`python -m app.up.worker …` is `celery --no-color --quiet -A workers worker …`. Celery's command line imports all of its
commands before it looks which one is meant, and with them a terminal's line editor: 7 MB that a worker never uses.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from celery.bin.base import CLIContext
from celery.bin.worker import worker

from workers.celery import app


def main(arguments: Sequence[str]) -> None:
    """Run it until a signal says to stop.

    Args:
        arguments: those of `celery worker`.
    """
    context = CLIContext(app=app, no_color=True, workdir=None, quiet=True)
    worker.main(list(arguments), "celery worker", obj=context, auto_envvar_prefix="CELERY_WORKER")


if __name__ == "__main__":
    main(sys.argv[1:])
