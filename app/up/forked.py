"""A Python program in a forked child of what has loaded everything, instead of a process that loads it all again.

What several of them need takes a second to load and 40 MB. Loaded once, before the children are forked, both are paid
once: a child copies only the pages that it writes to (docs/decisions/supervisor-in-process.md).
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
from setproctitle import getproctitle

from workers.runtime.settings import replace_environment

# What more than one program imports by itself once it runs, by name, since this process calls none of it. What only one
# needs is loaded by that one: a page of memory that it writes to, and it writes to most, would else be there twice.
_LOADED = (
    *("workers.services", "workers.adapters.state.state", "workers.adapters.outbox", "workers.reconcile.requests"),
    *("workers.pool.intake", "celery.app.amqp", "celery.app.events", "celery.events", "celery.loaders.app"),
    *("kombu.transport.redis", "structlog"),
)
# What Flower has in common with the worker and with the web process, beside that.
_LOADED_WITH_FLOWER = ("celery.bin.base", "celery.app.control", "celery.backends.base", "prometheus_client")
# Found where they are installed, loaded by structlog and Celery to color what no program here prints.
_COLORS = ("rich", "pygments")
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
    """Import what the programs have in common, and keep it where garbage collection does not write to it.

    Args:
        flower: whether Flower is one of them.
    """
    for name in _COLORS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    for name in (*_LOADED, *(_LOADED_WITH_FLOWER if flower else ())):
        import_module(name)
    getproctitle()  # looks for the place of the title, which it does not find once the environment has been replaced
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
