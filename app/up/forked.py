"""A Python program in a forked child of what has loaded everything, instead of a process that loads it all again.

What loads Celery, gunicorn, Flower and Tegu takes two seconds and 85 MB. Loaded once, before the children are forked,
both are paid once: a child copies only the pages that it writes to (docs/decisions/supervisor-in-process.md).
Programs are described by the command lines that anybody can type; forking is only how they are started here.
"""

from __future__ import annotations

import atexit
import gc
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import NoReturn

from celery.platforms import set_process_title

from workers.runtime.settings import replace_environment

# All that the programs import by themselves once they run, by name, since this process calls none of it. Not
# `app.server` and `app.wsgi`, which are made of the environment as they are imported.
_LOADED = (
    *("workers.tasks", "workers.pool.pool"),
    *("workers.reconcile.heartbeat", "workers.reconcile.again", "workers.reconcile.watch"),
    *("workers.reconcile.schedule", "workers.adapters.docker.engine", "workers.adapters.git.commands"),
    *("celery.bin.celery", "celery.apps.worker", "celery.apps.beat", "kombu.transport.redis"),
    *("app.http.factory", "app.pages.room", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread"),
)
_PATIENCE = 5.0  # seconds that the threads of a program that has ended may take


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """`[nice -n N] python -m MODULE ARGUMENTS`, taken apart.

    Attributes:
        module: what is run.
        arguments: behind it.
        nice: by how much it gives way to others.
    """

    module: str
    arguments: tuple[str, ...]
    nice: int = 0


def python_program(argv: Sequence[str]) -> PythonProgram | None:
    """A command line as a program of this very interpreter; None for any other."""
    nice = 0
    if tuple(argv[:2]) == ("nice", "-n"):
        nice, argv = int(argv[2]), argv[3:]
    if tuple(argv[:2]) != (sys.executable, "-m"):
        return None
    return PythonProgram(argv[2], tuple(argv[3:]), nice)


@cache
def load(*, flower: bool = True) -> None:
    """Import what the programs need, and keep it where garbage collection does not write to it.

    Args:
        flower: whether Flower is one of them.
    """
    if not flower:
        # Celery's command line imports every plugin that is installed, and this one brings a web server.
        sys.modules["flower.command"] = None  # type: ignore[assignment]
    for name in _LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()


def run_in_this_process(program: PythonProgram, environment: Mapping[str, str]) -> NoReturn:
    """In a forked child: be the program, with nothing of the parent left that `execve` would not leave, and end."""
    _reset_signals()
    replace_environment(environment)
    if program.nice:
        os.nice(program.nice)
    gc.set_threshold(700, 10, 10)  # Python's own
    sys.argv = [program.module, *program.arguments]
    # Celery and gunicorn say more of themselves a moment later.
    set_process_title(program.module, " ".join(program.arguments))
    code = _run(program.module)
    # Threads that wait for a Redis that is gone, which Flower has, would keep it from ending.
    watchdog = threading.Timer(_PATIENCE, os._exit, (code,))
    watchdog.daemon = True
    watchdog.start()
    # What the interpreter does as it ends; it cannot be left to it, since the parent's frames stand above.
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _run(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 (whatever it is, it is the program's end)
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _reset_signals() -> None:
    """What was caught has its default again (execve(2)), but for what Python itself catches."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.set_wakeup_fd(-1)
