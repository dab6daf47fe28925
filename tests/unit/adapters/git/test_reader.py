"""The long-lived reader survives forks, kills and threads, and starts no process per object."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git import open_local
from workers.adapters.git.reader import Reader
from workers.model.errors import GitUnavailable


def _readers_of(git_dir: Path) -> list[int]:
    """The cat-file processes on a Git directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if b"cat-file" in (entry / "cmdline").read_bytes() and (
                    f"GIT_DIR={git_dir}\0".encode() in (entry / "environ").read_bytes()
                ):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_one_process_answers_everything(source: Source) -> None:
    reader = Reader(source.path / ".git")
    for _ in range(50):
        found = reader.read("HEAD")
        assert found is not None
        assert found[0].kind == "commit"
    assert len(_readers_of(reader.git_dir)) == 1
    reader.close()
    assert _readers_of(reader.git_dir) == []


def test_a_killed_reader_is_started_again(source: Source) -> None:
    reader = Reader(source.path / ".git")
    before = reader.read("HEAD")
    for pid in _readers_of(reader.git_dir):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.05)
    assert reader.read("HEAD") == before
    reader.close()


def test_many_objects_are_read_in_one_go_even_when_the_reader_was_killed(source: Source) -> None:
    source.commit({f"f{number}": "x" * number * 1000 for number in range(1, 150)})
    reader = Reader(source.path / ".git")
    names = [source.git("rev-parse", f"HEAD:f{number}") for number in range(1, 150, 7)] * 5
    names[3] = "1" * 40
    first = list(reader.read_many(names))
    assert [index for index, found in enumerate(first) if found is None] == [3]
    for pid in _readers_of(reader.git_dir):
        os.kill(pid, signal.SIGKILL)
    assert list(reader.read_many(names)) == first
    reader.close()


def test_what_is_not_there_is_nothing(source: Source) -> None:
    reader = Reader(source.path / ".git")
    for name in ("1" * 40, "nope", "", "HEAD\nHEAD", "HEAD:nope", "a b c"):
        assert reader.header(name) is None
        assert reader.read(name) is None
    assert reader.header("HEAD:README.md") is not None
    reader.close()


def test_threads_share_a_reader(source: Source) -> None:
    texts = {f"f{number}": f"{number}" * 5000 for number in range(40)}
    source.commit(dict(texts))
    reader = Reader(source.path / ".git")

    def read(name: str) -> bool:
        found = reader.read(f"HEAD:{name}")
        return found is not None and found[1].decode() == texts[name]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, list(texts) * 5))
    reader.close()


def test_a_forked_child_reads_through_a_process_of_its_own(source: Source) -> None:
    reader = Reader(source.path / ".git")
    before = reader.read("HEAD")
    parents = _readers_of(reader.git_dir)
    held, child_reads = threading.Event(), threading.Event()

    def hold() -> None:  # a lock that is taken by a thread the child does not have
        with reader._seat.lock:
            held.set()
            child_reads.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        answers = [reader.read("HEAD") == before for _ in range(20)]
        own = set(_readers_of(reader.git_dir)) - set(parents)
        reader.close()
        os._exit(0 if all(answers) and len(own) == 1 else 1)
    _, status = os.waitpid(pid, 0)
    child_reads.set()
    holder.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert reader.read("HEAD") == before
    assert _readers_of(reader.git_dir) == parents
    reader.close()


def test_a_reader_ends_with_its_owner(source: Source) -> None:
    pid = os.fork()
    if pid == 0:
        repo = open_local(source.path)
        repo.resolve("main")
        os._exit(0)
    os.waitpid(pid, 0)
    deadline = time.monotonic() + 5
    while _readers_of(source.path / ".git"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reader_that_hangs_is_given_up(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.adapters.git.batch._PATIENCE", 0.2)
    reader = Reader(source.path / ".git")
    before = reader.read("HEAD")
    for pid in _readers_of(reader.git_dir):
        os.kill(pid, signal.SIGSTOP)
    assert reader.read("HEAD") == before
    reader.close()
    assert _readers_of(reader.git_dir) == []


def test_without_git_there_is_a_clear_error(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitUnavailable, match="cannot be started"):
        Reader(source.path / ".git").read("HEAD")
