"""Starts every process but those that people talk to (`workers.runtime.terminal`).

Every process gets a session of its own, an environment that is given and not inherited, a limit on its
time, and is ended as a group: `docker compose` is a grandchild of whoever calls `docker`, and
`subprocess.run(timeout=…)` leaves grandchildren alive.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess  # noqa: TID251 (here is where processes are started)
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from workers.model.errors import CommandFailed, CommandTimedOut

_KEEP = 1 << 20  # bytes kept of each stream; a command that writes more loses its beginning
TAIL = 4000  # characters of output that an error carries
_MAX_LINE = 16384  # bytes; a longer line is handed on in parts
_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_DRAIN = 1.0  # seconds that pipes stay open for a daemon left behind by a command that has ended


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended and the last MiB of what it wrote to each stream."""

    code: int
    stdout: str
    stderr: str


class _Stream:
    """One pipe of a running command: keeps the end of it and hands complete lines on."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self._on_line = on_line
        self._kept = bytearray()
        self._line = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._kept += chunk
        if len(self._kept) > 2 * _KEEP:
            del self._kept[:-_KEEP]
        if self._on_line is None:
            return
        self._line += chunk
        while (end := self._line.find(b"\n")) >= 0 or len(self._line) > _MAX_LINE:
            cut = min(end if end >= 0 else _MAX_LINE, _MAX_LINE)
            line = bytes(self._line[:cut])
            del self._line[: cut + (cut == end)]
            self._on_line(line.decode(errors="replace").rstrip("\r"))

    def close(self) -> str:
        if self._on_line is not None and self._line:
            self._on_line(self._line.decode(errors="replace"))
        return bytes(self._kept[-_KEEP:]).decode(errors="replace")


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | str | None = None,
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.PIPE,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a long-lived process in a session of its own, to be talked to through its pipes.

    Args:
        argv: the program and its arguments; no shell ever sees them.
        env: its whole environment.
        cwd: its working directory.
        pass_fds: descriptors it inherits, a lock's for example.
        stdin: `PIPE` or `DEVNULL`.
        stdout: `PIPE`, or the descriptor of an open file.
        stderr: `PIPE`, `STDOUT` or `DEVNULL`.

    Raises:
        CommandFailed: when the program cannot be started.
    """
    try:
        return subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise CommandFailed(argv[0], 127, f"cannot be started: {error.strerror or error}") from error


def run(
    argv: Sequence[str],
    *,
    what: str,
    env: Mapping[str, str],
    timeout: float,
    cwd: Path | str | None = None,
    input: bytes | None = None,  # noqa: A002 (the name that subprocess.run has)
    on_line: Callable[[str], None] | None = None,
    pass_fds: Sequence[int] = (),
    check: bool = True,
    stop: threading.Event | None = None,
) -> Completed:
    """Run a command to its end.

    Args:
        argv: the program and its arguments; no shell ever sees them.
        what: the command in words, for messages (`docker compose up`).
        env: its whole environment.
        timeout: seconds until the whole group is ended.
        cwd: its working directory.
        input: what it reads on its standard input; `/dev/null` otherwise.
        on_line: is called with every line of either stream as it comes, without its line ending.
        pass_fds: descriptors that it and its children inherit, a lock's for example.
        check: whether an exit code other than 0 raises.
        stop: ends the command early when it is set.

    Raises:
        CommandTimedOut: when the time is up, or `stop` was set.
        CommandFailed: when the program cannot be started, or ended with another exit code than 0.
    """
    deadline = time.monotonic() + timeout
    process = spawn(
        argv,
        env=env,
        cwd=cwd,
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    streams = (_Stream(on_line), _Stream(on_line))
    try:
        finished = _pump(process, streams, input or b"", deadline, stop)
    except BaseException:
        kill_group(process.pid)
        process.wait()
        raise
    finally:
        _close(process)
    if not finished:
        kill_group(process.pid)
    code = process.wait()
    stdout, stderr = (stream.close() for stream in streams)
    if not finished:
        raise CommandTimedOut(what, timeout, (stderr or stdout)[-TAIL:])
    if check and code != 0:
        raise CommandFailed(what, code, (stderr.strip() or stdout)[-TAIL:])
    return Completed(code, stdout, stderr)


def _pump(
    process: subprocess.Popen[bytes],
    streams: tuple[_Stream, _Stream],
    text: bytes,
    deadline: float,
    stop: threading.Event | None,
) -> bool:
    """Move bytes until the process has ended and both pipes are dry; False when the time was up first.

    A grandchild that outlives the process may hold a pipe open for ever, so once the process itself is
    gone the pipes get a moment and no more.
    """
    with selectors.DefaultSelector() as selector:
        for pipe, stream in zip((process.stdout, process.stderr), streams, strict=True):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, stream)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        gone_at: float | None = None
        while selector.get_map():
            now = time.monotonic()
            if _is_over(deadline, stop):
                return False
            if gone_at is None and process.poll() is not None:
                gone_at = now
            if gone_at is not None and now - gone_at > _DRAIN:
                break
            for key, _ in selector.select(min(deadline - now, 0.2)):
                text = _move(selector, key, text)
    return _wait(process, deadline, stop)


def _move(selector: selectors.BaseSelector, key: selectors.SelectorKey, text: bytes) -> bytes:
    """Move one chunk through a pipe that is ready; return what is still to be written."""
    if isinstance(key.data, _Stream):
        if chunk := os.read(key.fd, 65536):
            key.data.feed(chunk)
        else:
            selector.unregister(key.fileobj)
        return text
    text = _write(key.fd, text)
    if not text:
        selector.unregister(key.fileobj)
        cast("IO[bytes]", key.fileobj).close()
    return text


def _write(descriptor: int, text: bytes) -> bytes:
    """Write what fits; return what is left, nothing when the reader is gone."""
    try:
        return text[os.write(descriptor, text[:65536]) :]
    except BlockingIOError:
        return text
    except BrokenPipeError:
        return b""


def _is_over(deadline: float, stop: threading.Event | None) -> bool:
    return time.monotonic() >= deadline or (stop is not None and stop.is_set())


def _wait(process: subprocess.Popen[bytes], deadline: float, stop: threading.Event | None) -> bool:
    """Wait for a process whose pipes are closed already."""
    while process.poll() is None:
        if _is_over(deadline, stop):
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    return True


def _close(process: subprocess.Popen[bytes]) -> None:
    pipes: list[IO[bytes] | None] = [process.stdin, process.stdout, process.stderr]
    for pipe in pipes:
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def kill_group(pid: int, grace: float = _GRACE) -> None:
    """End a process and everything in its group: SIGTERM, and SIGKILL for what is left after `grace` seconds.

    Args:
        pid: the leader of the group, started by `spawn` or `run`.
        grace: seconds.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if not _group_lives(pid):
                return
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)


def _group_lives(group: int) -> bool:
    """Whether any process of the group is more than a zombie that waits for its parent."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # "pid (name) state ppid pgrp …"; the name may hold spaces and parentheses.
            stat = (entry / "stat").read_text(errors="replace")
            state, _, pgrp = stat.rpartition(") ")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                return True
    return False
