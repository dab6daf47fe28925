"""`tegu` and `celery` as processes that need not load anything.

Loading modules is most of what a command costs, and a second of every worker. So one process for each that runs tests
loads them once, and becomes by `fork` whatever program is asked for: a process of its own, with its own environment,
folder and session, that goes through the program's own entry and ends as it does. What a test says of how a program is
found, of what it loads, or of a terminal, is tried with the program started from nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

from workers.runtime.process import Completed, kill_group, spawn

ROOT = Path(__file__).parents[1]
_PATIENCE = 60.0  # seconds until a program is begun, which the first of its kind is only when all is loaded
_MESSAGE = 1 << 20  # bytes
_NUMBER = 12  # bytes, in which the pid comes, and later the exit code

_COMMANDS = "app.cli.names app.cli.session workers.services workers.adapters.state.state workers.adapters.git.commands"
_CELERY = "celery.bin.celery celery.apps.worker workers.tasks workers.answers.tasks workers.pool.pool"
_MORE = "workers.pool.consumer workers.reconcile.heartbeat workers.reconcile.again workers.reconcile.watch"
_LIBRARIES = "docker docker.errors docker.utils requests structlog"


class Running:
    """A program that was begun; answers as `subprocess.Popen` does, and has no pipes."""

    def __init__(self, told: int) -> None:
        self._told = os.fdopen(told, "rb", buffering=0)
        self.pid = 0
        self.pid = self._read(_PATIENCE)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float = 600) -> int:
        """Its exit code when it ends.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        if self.returncode is None:
            self.returncode = self._read(timeout)
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To a process that may have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _read(self, timeout: float) -> int:
        if not select.select([self._told], [], [], timeout)[0]:
            what = f"process {self.pid}"
            raise subprocess.TimeoutExpired(what, timeout)
        said = self._told.read(_NUMBER)
        assert said, "the process that becomes programs has ended"
        return int(said)


def start(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdout: int, stderr: int, stdin: int | None = None
) -> Running:
    """Begin a program in a session of its own.

    Args:
        argv: `tegu` or `celery`, by any path, and its arguments.
        env: its whole environment.
        cwd: its folder.
        stdout: a descriptor, to which it writes.
        stderr: one for complaints.
        stdin: what it reads; `/dev/null` otherwise.
    """
    ours, theirs = os.pipe()
    request = json.dumps([list(argv), dict(env), str(cwd)]).encode()
    with Path(os.devnull).open("rb") as nothing, os.fdopen(theirs, "wb"):
        files = [nothing.fileno() if stdin is None else stdin, stdout, stderr, theirs]
        socket.send_fds(_served(), [request], files)
    return Running(ours)


def run(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout: float) -> Completed:
    """Run a program to its end.

    Raises:
        subprocess.TimeoutExpired: it went on for too long, and was ended.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        begun = start(argv, env=env, cwd=cwd, stdout=stdout.fileno(), stderr=stderr.fileno())
        try:
            code = begun.wait(timeout)
        except BaseException:
            kill_group(begun.pid)
            raise
        return Completed(code, _written(stdout), _written(stderr))


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


@cache
def _served() -> socket.socket:
    """Where this process's own one takes requests; it ends when nobody can send any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error::DeprecationWarning:workers"}
    argv = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
    process = spawn(argv, env=env, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stderr=2)
    theirs.close()

    def end() -> None:
        ours.close()
        process.communicate()

    atexit.register(end)
    return ours


class _Program(NamedTuple):
    """One that can be become."""

    modules: str
    main: Callable[[], Any]


def _tegu() -> None:
    import_module("app.cli.main").main()


def _celery() -> None:
    import_module("celery.__main__").main()


def _commands() -> str:
    return " ".join(f"app.cli.commands.{each.stem}" for each in sorted((ROOT / "app/cli/commands").glob("[a-z]*.py")))


_PROGRAMS = {
    "tegu": _Program(f"{_COMMANDS} {_LIBRARIES} {_commands()}", _tegu),
    "celery": _Program(f"{_CELERY} {_MORE} {_LIBRARIES} {_COMMANDS}", _celery),
}


class _Server:
    """The process that has loaded everything."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._told: dict[int, int] = {}

    def serve(self) -> str:
        """Fork for each request. Returns in each child only: the program that it has to be."""
        signal.signal(signal.SIGCHLD, self._reap)
        while True:
            text, files, *_ = socket.recv_fds(self._requests, _MESSAGE, 4)
            if not text:
                os._exit(0)
            argv, env, cwd = json.loads(text)
            name = Path(argv[0]).name
            for module in _PROGRAMS[name].modules.split():
                import_module(module)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            pid = os.fork()
            if not pid:
                self._become(argv, env, cwd, files)
                return name
            self._told[pid] = files.pop()
            os.write(self._told[pid], b"%*d" % (_NUMBER, pid))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            for file in files:
                os.close(file)

    def _become(self, argv: list[str], env: dict[str, str], cwd: str, files: list[int]) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        os.setsid()
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        for number, file in enumerate(files[:3]):
            os.dup2(file, number)
        for file in (*files, *self._told.values()):
            os.close(file)
        self._requests.close()
        sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
        sys.argv = argv

    def _reap(self, *_: object) -> None:
        for pid in list(self._told):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                told = self._told.pop(pid)
                with contextlib.suppress(BrokenPipeError):
                    os.write(told, b"%*d" % (_NUMBER, os.waitstatus_to_exitcode(status)))
                os.close(told)


if __name__ == "__main__":
    _PROGRAMS[_Server(socket.socket(fileno=int(sys.argv[1]))).serve()].main()
