"""What `tegu up` runs: the command line of each program, and supervisor's configuration made of them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from workers.celery import DEPLOY_STOP_LIMIT
from workers.runtime.settings import Settings, host_and_port

REDIS = "redis"
# What is shown gives way to the deployment that a push is about.
_GIVING_WAY = ("nice", "-n", "10")
# Celery's own sign of life is for Flower alone, which believes it for twice as long.
_WORKER = ("--without-gossip", "--without-mingle", "--heartbeat-interval", "15")
# Workers send events anyway; Flower would ask them to every five seconds.
_FLOWER = ("--logging=error", "--enable-events=False")
_GIVING_BACK = timedelta(seconds=15)  # for what a worker has not ended in its own time


@dataclass(frozen=True, slots=True)
class Program:
    """One program: its name in the log, its command line, and how many seconds it has for stopping."""

    name: str
    argv: tuple[str, ...]
    stop_seconds: int = 10


def programs(settings: Settings) -> tuple[Program, ...]:
    """Everything but Redis.

    Args:
        settings: where web and Flower listen, and which worker this is.
    """
    return (
        Program("web", (sys.executable, "-m", "gunicorn", "--config", "python:app.server"), 15),
        _worker(settings.worker),
        *(_flower(bind) for bind in (settings.flower_bind,) if bind),
    )


def _flower(bind: str) -> Program:
    address, port = host_and_port(bind)
    argv = (*_GIVING_WAY, sys.executable, "-m", "app.up.flower")
    return Program("flower", (*argv, f"--address={address}", f"--port={port}", *_FLOWER))


def _worker(worker: str) -> Program:
    # Two lines of Celery's for each of a thousand unchanged stacks would hide all others; Tegu has its own.
    argv = (sys.executable, "-m", "app.up.worker", "-n", f"worker-{worker}@%h", "--loglevel", "WARNING")
    stop = DEPLOY_STOP_LIMIT + _GIVING_BACK
    return Program("worker", (*argv, *_WORKER), int(stop.total_seconds()))


def supervisor_config(programs: Iterable[Program], redis: Program | None, folder: Path) -> str:
    """The configuration of all programs. Redis is stopped last, and the others are started once it answers.

    It holds no secret: programs inherit the environment.
    """
    others = tuple(programs)
    head = (
        "[supervisord]\n"
        "nodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\nnocleanup=true\nminfds=64\nminprocs=1\n"
        f"pidfile={_value(str(folder / 'supervisor.pid'))}\nchildlogdir={_value(str(folder))}\n"
    )
    sections = [head]
    if redis is not None:
        sections.append(_section(redis, "true") + "priority=1\n")
    sections += [_section(program, "false") for program in others]
    names = ",".join(program.name for program in others)
    sections.append(f"[group:tegu]\nprograms={names}\npriority=10\n")
    return "; Written by `tegu up` at every start.\n" + "\n".join(sections)


def _section(program: Program, autostart: str) -> str:
    return (
        f"[program:{program.name}]\n"
        f"command={_value(shlex.join(program.argv))}\n"
        f"autostart={autostart}\nautorestart=true\nstartsecs=5\nstartretries=1000000\n"
        f"stopsignal=TERM\nstopwaitsecs={program.stop_seconds}\nkillasgroup=true\n"
        "redirect_stderr=true\nstdout_logfile=NONE\nstdout_events_enabled=true\n"
    )


def _value(text: str) -> str:
    return text.replace("%", "%%")
