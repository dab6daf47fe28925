"""One `git cat-file` and its two pipes: questions, answers, and nothing about who asks."""

from __future__ import annotations

import io
import os
import select
import subprocess  # noqa: TID251 (for the type of what workers.runtime.process has started)
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from workers.adapters.git.environment import local_env
from workers.runtime.process import kill_group, spawn

_CHUNK = 1 << 16
_PATIENCE = 60.0  # seconds without a byte, from a local disk, until the process is given up


class Header(NamedTuple):
    """What stands before an object's content."""

    oid: str
    kind: str
    size: int


class Ended(Exception):
    """The process has ended."""


class Batch:
    """One `git cat-file` and its two pipes, unbuffered, so that a fork copies no half-read answer."""

    def __init__(self, git_dir: Path, options: Sequence[str]) -> None:
        self.place = identity(git_dir)
        self._child: subprocess.Popen[bytes] = spawn(["git", "cat-file", *options], env=local_env(git_dir), cwd="/")
        # Raw ends: a buffered one could be locked by another thread at the moment of a fork.
        self._write = cast("io.FileIO", cast("io.BufferedWriter", self._child.stdin).detach())
        self._read = cast("io.FileIO", cast("io.BufferedReader", self._child.stdout).detach())
        self._poll = select.poll()
        self._poll.register(self._read.fileno(), select.POLLIN | select.POLLHUP)
        self._poll_both = select.poll()
        self._poll_both.register(self._read.fileno(), select.POLLIN | select.POLLHUP)
        self._poll_both.register(self._write.fileno(), select.POLLOUT)
        self._ahead = bytearray()

    def send(self, questions: Sequence[str]) -> None:
        """Send questions, and take what is answered meanwhile, or both sides would wait for each other."""
        text = "".join(f"{question}\n" for question in questions).encode("utf-8", "surrogateescape")
        while text:
            ready = self._poll_both.poll(_PATIENCE * 1000)
            if any(descriptor == self._read.fileno() for descriptor, _ in ready):
                self._ahead += self._more()
            elif not ready:
                raise Ended
            else:
                try:
                    # So much never blocks where anything can be written.
                    text = text[os.write(self._write.fileno(), text[: select.PIPE_BUF]) :]
                except OSError as error:
                    raise Ended from error

    def answer(self) -> bytes:
        """The line that answers the next question; its content, if it has any, has to be taken before the one after."""
        while (end := self._ahead.find(b"\n")) < 0:
            self._ahead += self._more()
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line

    def answers(self, count: int) -> Iterator[bytes]:
        """The lines that answer so many questions, none of which has content, as they come."""
        while count > 0:
            end = self._ahead.rfind(b"\n")
            if end < 0:
                self._ahead += self._more()
                continue
            lines = bytes(self._ahead[:end]).split(b"\n")
            del self._ahead[: end + 1]
            count -= len(lines)
            yield from lines

    def content(self, size: int, write: Callable[[bytes], object]) -> None:
        """Hand on `size` bytes in chunks, and take the line end behind them."""
        left = size
        while left > 0:
            if not self._ahead:
                self._ahead += self._more()
            chunk = bytes(self._ahead[:left])
            del self._ahead[: len(chunk)]
            left -= len(chunk)
            write(chunk)
        if not self._ahead:
            self._ahead += self._more()
        del self._ahead[:1]

    def _more(self) -> bytes:
        if not self._poll.poll(_PATIENCE * 1000):
            raise Ended
        chunk = os.read(self._read.fileno(), _CHUNK)
        if not chunk:
            raise Ended
        return chunk

    def end(self) -> int:
        """End the process and wait for it; its exit code."""
        self.forget()
        # It ends by itself when its input does; the signal is for one that hangs.
        try:
            return self._child.wait(1)
        except subprocess.TimeoutExpired:
            kill_group(self._child.pid, 0.5)
            return self._child.wait()

    def forget(self) -> None:
        """Close this process's copies of the pipes."""
        self._write.close()
        self._read.close()

    def disown(self) -> None:
        """In a forked child: it is the parent's process, and nothing to wait for."""
        self.forget()
        self._child.returncode = 0


def parse(line: bytes) -> Header | None:
    """Read `<id> <kind> <size>`; None for `<name> missing`, `<name> ambiguous` and their like."""
    words = line.split(b" ")
    if len(words) != 3 or not words[2].isdigit():  # noqa: PLR2004 (id, kind and size)
        return None
    return Header(words[0].decode(), words[1].decode(), int(words[2]))


def size_of(line: bytes) -> int | None:
    """The size alone of what `parse` reads, a good deal faster."""
    size = line.rpartition(b" ")[2]
    return int(size) if size.isdigit() else None


def identity(git_dir: Path) -> tuple[int, int] | None:
    """What tells a clone from the one that replaced it."""
    try:
        status = git_dir.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
