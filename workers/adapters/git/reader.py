"""Objects by id from long-lived `git cat-file` processes: never a process per object.

A reader belongs to one process. After a fork the child drops what it inherited and starts its own, since
two processes on one pipe would read each other's answers. A reader that died is started again, and one
whose clone was replaced meanwhile looks again in the new one.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from workers.adapters.git.batch import Batch, Ended, Header, identity, parse
from workers.model.errors import CommandFailed, GitUnavailable, TeguError, UnknownName

_AHEAD = 60  # questions sent at once whose answers have content
_AHEAD_HEADERS = 1000


_Answer = TypeVar("_Answer")


class Reader:
    """The objects of one Git directory; safe to use from several threads.

    Args:
        git_dir: absolute.
        marker: a file that says that the clone is damaged and where; None: nothing is written.
    """

    def __init__(self, git_dir: Path, marker: Path | None = None) -> None:
        self.git_dir = git_dir
        self._marker = marker
        self._lock = threading.RLock()
        self._processes: dict[str, Batch] = {}
        _readers.add(self)

    def header(self, name: str) -> Header | None:
        """What an object is, without its content; None when there is none of this name."""
        return self._ask("--batch-check", name, lambda _, header: header)

    def read(self, name: str) -> tuple[Header, bytes] | None:
        """An object with its content; None when there is none of this name."""
        return self._ask("--batch", name, _whole)

    def read_many(self, names: Sequence[str]) -> Iterator[tuple[Header, bytes] | None]:
        """Objects with their content, asked for in one go: a question on its own costs two switches of processes.

        One that cannot be read is passed over like one that is not there: whoever needs it is told when asking for it.

        Args:
            names: object ids.
        """
        return self._ask_many("--batch", names, _whole)

    def headers(self, names: Sequence[str]) -> Iterator[Header | None]:
        """What objects are, without their content, asked for in one go.

        Args:
            names: object ids.
        """
        return self._ask_many("--batch-check", names, lambda _, header: header)

    def _ask_many(
        self, mode: str, names: Sequence[str], take: Callable[[Batch, Header], _Answer]
    ) -> Iterator[_Answer | None]:
        with self._lock:
            ahead = _AHEAD_HEADERS if mode == "--batch-check" else _AHEAD
            for start in range(0, len(names), ahead):
                yield from self._ask_ahead(mode, names[start : start + ahead], take)

    def _ask_ahead(
        self, mode: str, names: Sequence[str], take: Callable[[Batch, Header], _Answer]
    ) -> list[_Answer | None]:
        found: list[_Answer | None] = []
        ended_at = -1
        while len(found) < len(names):
            try:
                process = self._process(mode)
                process.send(names[len(found) :])
                # One by one: the process may end in the middle.
                for _ in names[len(found) :]:
                    header = parse(process.answer())
                    found.append(None if header is None else take(process, header))
            except Ended as error:
                self._drop(mode)
                if not self.git_dir.is_dir():
                    raise self.damaged(names[len(found)]) from error
                if ended_at == len(found):  # twice at the same object: it is to blame
                    found.append(None)
                ended_at = len(found)
            except BaseException:
                self._drop(mode)  # it is in the middle of an answer
                raise
        return found

    def copy(self, name: str, descriptor: int) -> Header | None:
        """Write an object's content to an empty file, in chunks: a large one never stands in memory."""

        def take(process: Batch, header: Header) -> Header:
            os.ftruncate(descriptor, 0)  # of a first attempt that broke off
            os.lseek(descriptor, 0, os.SEEK_SET)
            process.content(header.size, lambda chunk: _write_all(descriptor, chunk))
            return header

        return self._ask("--batch", name, take)

    def close(self) -> None:
        """End the processes; the next question starts them again."""
        with self._lock:
            for mode in list(self._processes):
                self._drop(mode)

    def damaged(self, name: str) -> TeguError:
        """The error to raise for an object that should be there; leaves a note for the next fetch."""
        if not self.git_dir.is_dir():
            return UnknownName(f"{self.git_dir} is not there; the repo has not been fetched yet")
        if self._marker is None:
            return GitUnavailable(
                f"{self.git_dir}: object {name} cannot be read; `git fsck` tells what else is damaged"
            )
        self._marker.write_text(name, encoding="utf-8", errors="surrogateescape")
        return GitUnavailable(f"{self.git_dir}: object {name} cannot be read; the next pull mends the clone")

    def _ask(self, mode: str, name: str, take: Callable[[Batch, Header], _Answer]) -> _Answer | None:
        if "\n" in name or "\0" in name:
            return None
        with self._lock:
            for last in (False, True):
                try:
                    process = self._process(mode)
                    header = parse(process.ask(name))
                    if header is not None:
                        return take(process, header)
                except Ended as error:
                    self._drop(mode)
                    if last:
                        raise self.damaged(name) from error
                except BaseException:
                    self._drop(mode)  # it is in the middle of an answer
                    raise
                else:
                    if last or process.place == identity(self.git_dir):
                        return None
                    self._drop(mode)  # the clone was replaced since
        return None

    def _process(self, mode: str) -> Batch:
        process = self._processes.get(mode)
        if process is None:
            try:
                process = self._processes[mode] = Batch(self.git_dir, mode)
            except CommandFailed as error:
                message = f"git: {error.output}"
                raise GitUnavailable(message) from error
        return process

    def _drop(self, mode: str) -> None:
        process = self._processes.pop(mode, None)
        if process is not None:
            process.end()

    def after_fork(self) -> None:
        """In a forked child: leave the parent's processes alone."""
        self._lock = threading.RLock()
        for process in self._processes.values():
            process.disown()
        self._processes = {}


_readers: weakref.WeakSet[Reader] = weakref.WeakSet()


def _after_fork() -> None:
    for reader in list(_readers):
        reader.after_fork()


os.register_at_fork(after_in_child=_after_fork)


def _whole(process: Batch, header: Header) -> tuple[Header, bytes]:
    content = bytearray()
    process.content(header.size, content.extend)
    return header, bytes(content)


def _write_all(descriptor: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]
