"""Supervisor as a library: it runs in this process, and hands every line and every ending to one log.

What is overridden are the places where supervisor meets the system: exec, wait, the logger, its signals, its poll and
its tick (docs/decisions/supervisor-in-process.md).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supervisor import events
from supervisor.loggers import LevelsByName, getLogger
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions, decode_wait_status
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from app.up.forked import python_program, run_in_this_process
from app.up.loglines import LogLines
from app.up.offspring import end_with_parent

_LONGEST_PAUSE = 30.0  # seconds between two attempts to start what keeps ending
# Seconds until the loop looks at what is due when neither a signal nor output wakes it: while Redis is waited for,
# while a program starts, pauses or stops, and while all of them run.
_WAITING, _CHANGING, _STEADY = 0.02, 0.2, 60.0
_STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP})


def supervise(config: Path, log: LogLines, environment: Mapping[str, str], is_ready: Callable[[], bool]) -> None:
    """Run the programs of a supervisor configuration until a signal says to stop, then stop them all.

    Args:
        config: supervisor's configuration.
        log: gets every line the programs write, and what happens to them.
        environment: variables that the programs get beside this process's own.
        is_ready: whether the programs without `autostart` may be started.
    """
    options = _Options(environment)
    options.realize(["-n", "-c", str(config)], doc="")
    options.first = True
    options.test = False
    try:
        _Supervisor(options, log, is_ready).main()
    except ExitNow:
        pass  # this is how it ends
    finally:
        options.close_logger()


class _Options(ServerOptions):  # type: ignore[misc]
    """How supervisor starts and waits for programs."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self.environment = environment
        self.endings: dict[int, str] = {}
        self.patience = _WAITING
        self._poll = self.poller.poll
        self.poller.poll = self._wait
        self._woken, waking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)

    def _wait(self, _seconds: float) -> tuple[list[int], list[int]]:
        """Wait for output, or for a signal: it may have come just before, and then the pipe tells of it."""
        self.poller.register_readable(self._woken)
        readable, writable = self._poll(self.patience)
        if self._woken in readable:
            readable.remove(self._woken)
            os.read(self._woken, 4096)
        return readable, writable

    def make_logger(self) -> None:
        """Supervisor's own log stays silent; events say the same."""
        self.logger = getLogger(LevelsByName.CRIT)

    def execve(self, filename: str, argv: list[str], env: dict[str, str]) -> None:
        """In the child: become the program, and end when the parent does."""
        end_with_parent()
        environment = {**env, **self.environment}
        if program := python_program(argv):
            run_in_this_process(program, environment)
        super().execve(filename, argv, environment)

    def waitpid(self) -> tuple[int | None, int | None]:
        """Reap one child, and remember in words how it ended."""
        pid, status = super().waitpid()
        if pid:
            self.endings[pid] = decode_wait_status(status)[1]
        return pid, status


class _Supervisor(Supervisor):  # type: ignore[misc]
    """Supervisor's loop, with our log, our start and our stop."""

    def __init__(self, options: _Options, log: LogLines, is_ready: Callable[[], bool]) -> None:
        super().__init__(options)
        self._log = log
        self._is_ready = is_ready
        self._started = False

    def runforever(self) -> None:
        """Listen to the events, then run."""
        events.subscribe(events.ProcessLogEvent, self._on_output)
        events.subscribe(events.ProcessStateExitedEvent, self._on_death)
        events.subscribe(events.ProcessStateBackoffEvent, self._on_death)
        events.subscribe(events.ProcessStateStoppedEvent, lambda event: self._log.end(event.process.config.name))
        try:
            super().runforever()
        finally:
            events.clear()

    def tick(self, now: float | None = None) -> None:
        """In every round of the loop: start what waits, as soon as it may."""
        super().tick(now)
        if not self._started and self.options.mood == SupervisorStates.RUNNING and self._is_ready():
            self._started = True
            for process in self._processes():
                if process.state == ProcessStates.STOPPED and not process.laststart:
                    process.spawn()
        self.options.patience = self._patience()

    def _patience(self) -> float:
        if not self._started:
            return _WAITING
        is_steady = all(process.state == ProcessStates.RUNNING for process in self._processes())
        return _STEADY if is_steady and self.options.mood == SupervisorStates.RUNNING else _CHANGING

    def handle_signal(self) -> None:
        """Take every signal that has come since."""
        while (number := self.options.get_signal()) is not None:
            if number in _STOP_SIGNALS:
                self._stop(number)

    def _stop(self, number: int) -> None:
        """Stop at the first signal; a second Ctrl-C waits for nobody."""
        if self.options.mood == SupervisorStates.RUNNING:
            self._log.notice("stopping", signal=signal.Signals(number).name)
            self.options.mood = SupervisorStates.SHUTDOWN
        elif number == signal.SIGINT:
            self._log.notice("stopping at once")
            for process in self._processes():
                if process.pid:
                    process.kill(signal.SIGKILL)

    def _processes(self) -> list[Any]:
        return [process for group in self.process_groups.values() for process in group.processes.values()]

    def _on_output(self, event: Any) -> None:  # noqa: ANN401 (supervisor has no types)
        self._log.feed(event.process.config.name, event.data.decode(errors="replace"))

    def _on_death(self, event: Any) -> None:  # noqa: ANN401
        process = event.process
        name = process.config.name
        self._log.end(name)
        now = time.time()
        pause = 0.0
        if event.process.state == ProcessStates.BACKOFF:
            process.delay = min(process.delay, now + _LONGEST_PAUSE)
            pause = process.delay - now
        how = self.options.endings.pop(process.pid, None) or process.spawnerr
        self._log.notice("DIED, starting it again", program=name, how=how, again_in_seconds=round(pause))
