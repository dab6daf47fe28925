"""Objects by id from a long-lived `git cat-file`: never a process per object.

A process that died is started again, and one whose clone was replaced meanwhile is asked again in the new one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from workers.adapters.git.batch import Batch, Ended, Header, identity, parse, size_of
from workers.adapters.git.pool import Pool, Question, pool
from workers.model.errors import GitUnavailable, TeguError, UnknownName

_AHEAD = 60  # questions sent at once whose answers have content
_AHEAD_SIZES = 1000


_Answer = TypeVar("_Answer")
_Take = Callable[[Batch, int], Iterator[_Answer | None]]


class Reader:
    """The objects of one Git directory; safe to use from several threads.

    Args:
        git_dir: absolute.
        marker: a file that says that the clone is damaged and where; None: nothing is written.
        processes: those of this process.
    """

    def __init__(self, git_dir: Path, marker: Path | None = None, processes: Pool = pool) -> None:
        self.git_dir = git_dir
        self._marker = marker
        self._seat = processes.seat(git_dir)

    def header(self, name: str) -> Header | None:
        """What an object is, without its content; None when there is none of this name."""
        return self._ask("info", name, lambda _, header: header)

    def read(self, name: str) -> tuple[Header, bytes] | None:
        """An object with its content; None when there is none of this name."""
        return self._ask("contents", name, _whole)

    def read_many(self, names: Sequence[str]) -> Iterator[tuple[Header, bytes] | None]:
        """Objects with their content, asked for in one go: a question on its own costs two switches of processes.

        One that cannot be read is passed over like one that is not there: whoever needs it is told when asking for it.

        Args:
            names: object ids.
        """
        return self._ask_many("contents", names, _AHEAD, _wholes)

    def sizes(self, names: Sequence[str]) -> Iterator[int | None]:
        """How large objects are, asked for in one go; None for one that is not there.

        Args:
            names: object ids.
        """
        return self._ask_many("info", names, _AHEAD_SIZES, _sizes)

    def _ask_many(
        self, question: Question, names: Sequence[str], ahead: int, take: _Take[_Answer]
    ) -> Iterator[_Answer | None]:
        for start in range(0, len(names), ahead):
            with self._seat.lock:
                found = self._ask_ahead(question, names[start : start + ahead], take)
            yield from found

    def _ask_ahead(self, question: Question, names: Sequence[str], take: _Take[_Answer]) -> list[_Answer | None]:
        found: list[_Answer | None] = []
        ended_at = -1
        while len(found) < len(names):
            try:
                # After an end the next one alone: what Git had not yet written of others was lost.
                asked = names[len(found) :][: 1 if ended_at == len(found) else None]
                batch = self._seat.ask(question, asked)
                for answer in take(batch, len(asked)):  # one by one: the process may end in the middle
                    found.append(answer)  # noqa: PERF402
            except Ended as error:
                self._seat.end()
                if not self.git_dir.is_dir():
                    raise self.damaged(names[len(found)]) from error
                if ended_at == len(found):  # twice at the same object: it is to blame
                    found.append(None)
                ended_at = len(found)
            except BaseException:
                self._seat.end()  # it is in the middle of an answer
                raise
        return found

    def copy(self, name: str, descriptor: int) -> Header | None:
        """Write an object's content to an empty file, in chunks: a large one never stands in memory."""

        def take(process: Batch, header: Header) -> Header:
            os.ftruncate(descriptor, 0)  # of a first attempt that broke off
            os.lseek(descriptor, 0, os.SEEK_SET)
            process.content(header.size, lambda chunk: _write_all(descriptor, chunk))
            return header

        return self._ask("contents", name, take)

    def close(self) -> None:
        """End the process; the next question starts it again."""
        with self._seat.lock:
            self._seat.end()

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

    def _ask(self, question: Question, name: str, take: Callable[[Batch, Header], _Answer]) -> _Answer | None:
        if not name or "\n" in name or "\0" in name:
            return None
        with self._seat.lock:
            for last in (False, True):
                try:
                    batch = self._seat.ask(question, [name])
                    header = parse(batch.answer())
                    if header is not None:
                        return take(batch, header)
                except Ended as error:
                    self._seat.end()
                    if last:
                        raise self.damaged(name) from error
                except BaseException:
                    self._seat.end()  # it is in the middle of an answer
                    raise
                else:
                    if last or batch.place == identity(self.git_dir):
                        return None
                    self._seat.end()  # the clone was replaced since
        return None


def _wholes(process: Batch, count: int) -> Iterator[tuple[Header, bytes] | None]:
    for _ in range(count):
        header = parse(process.answer())
        yield None if header is None else _whole(process, header)


def _sizes(process: Batch, count: int) -> Iterator[int | None]:
    return map(size_of, process.answers(count))


def _whole(process: Batch, header: Header) -> tuple[Header, bytes]:
    content = bytearray()
    process.content(header.size, content.extend)
    return header, bytes(content)


def _write_all(descriptor: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(descriptor, chunk) :]
