"""However many repos and threads there are, few processes read them, and none when nobody asks."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git.batch import Batch
from workers.adapters.git.pool import Pool
from workers.adapters.git.reader import Reader


class Counted(Batch):
    """Counts what runs at the same time."""

    lock = threading.Lock()
    running: set[Path]
    at_most: int
    started: int

    def __init__(self, git_dir: Path, options: Sequence[str]) -> None:
        super().__init__(git_dir, options)
        with self.lock:
            Counted.started += 1
            self.running.add(git_dir)
            Counted.at_most = max(self.at_most, len(self.running))
        self._git_dir = git_dir

    def end(self) -> int:
        with self.lock:
            self.running.discard(self._git_dir)
        return super().end()


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    monkeypatch.setattr("workers.adapters.git.pool.Batch", Counted)
    Counted.running, Counted.at_most, Counted.started = set(), 0, 0
    return Counted


@pytest.fixture
def repos(source: Source, tmp_path: Path) -> list[Path]:
    """Many Git directories of the same content."""
    made = [tmp_path / f"r{number}.git" for number in range(200)]
    for git_dir in made:
        git_dir.mkdir()
        shutil.copy(source.path / ".git" / "HEAD", git_dir)
        for name in ("refs", "objects"):
            (git_dir / name).symlink_to(source.path / ".git" / name)
    return made


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(most=16)
    yield made
    for seat in list(made._running):
        seat.end()


def test_two_hundred_repos_read_by_many_threads_have_sixteen_processes(
    repos: list[Path], pool: Pool, counted: type[Counted]
) -> None:
    readers = [Reader(git_dir, processes=pool) for git_dir in repos]

    def read(reader: Reader) -> bool:
        header, found = reader.header("HEAD"), reader.read("HEAD")
        return header is not None and found is not None and found[0] == header

    with ThreadPoolExecutor(32) as threads:
        assert all(threads.map(read, readers * 2))
    assert counted.at_most <= 16
    assert len(counted.running) == 16


def test_the_one_that_was_asked_longest_ago_goes_first(repos: list[Path], pool: Pool, counted: type[Counted]) -> None:
    readers = [Reader(git_dir, processes=pool) for git_dir in repos[:17]]
    for reader in readers[:16]:
        reader.header("HEAD")
    readers[0].header("HEAD")
    readers[16].header("HEAD")
    assert set(repos[:17]) - counted.running == {repos[1]}


def test_all_readers_of_a_directory_and_both_questions_share_one_process(
    repos: list[Path], pool: Pool, counted: type[Counted]
) -> None:
    for _ in range(3):
        reader = Reader(repos[0], processes=pool)
        assert reader.read("HEAD") is not None
        assert reader.header("HEAD") is not None
    assert counted.started == 1


def test_what_nobody_asks_ends_by_itself_and_starts_again(repos: list[Path], counted: type[Counted]) -> None:
    pool = Pool(idle_seconds=0.1)
    reader = Reader(repos[0], processes=pool)
    for _ in range(2):
        assert reader.header("HEAD") is not None
        deadline = time.monotonic() + 30
        while counted.running or pool._closing:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_git_that_answers_one_question_a_process_is_asked_with_two(
    source: Source, pool: Pool, counted: type[Counted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\ncase "$*" in *--batch-command*) echo "unknown option" >&2; exit 129;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")
    reader = Reader(source.path / ".git", processes=pool)
    head = source.git("rev-parse", "HEAD")
    for _ in range(3):
        found = reader.read("HEAD")
        assert found is not None
        assert found[0].oid == head
        assert list(reader.sizes([head, "1" * 40])) == [found[0].size, None]
    assert counted.started == 3  # the one that was refused, and two
