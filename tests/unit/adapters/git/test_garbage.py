"""Clones are packed once a day under the repo's lock: nothing that is used goes, and nobody reads anything wrong."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.git_server import Source
from tests.records import a_record
from tests.redis_server import RedisServer
from workers.adapters.git.clone import Clone
from workers.adapters.state.state import State
from workers.model.errors import UnknownName
from workers.reconcile.housekeeping import keep_house
from workers.runtime.file_lock import flock
from workers.runtime.settings import Settings
from workers.services import Services

STACK, GONE = "default/a", "default/gone"


@pytest.fixture
def services(tmp_path: Path, source: Source, state: State, redis_server: RedisServer) -> Iterator[Services]:
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(f"repos:\n  homelab: {{url: {source.path}, ref: main}}\n")
    made = Services(Settings(data_dir=state.data_dir, catalog=catalog, redis_url=redis_server.url))
    yield made
    made.close()


@pytest.fixture
def pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Let every `git gc` begin by writing a line to the file that this gives, and sleep for as long as was said."""
    real, folder, log = shutil.which("git"), tmp_path / "path", tmp_path / "gcs"

    def make(seconds: str) -> Path:
        folder.mkdir()
        log.touch()
        (folder / "git").write_text(
            f'#!/bin/sh\n[ "$1" = gc ] && {{ echo begun >> {log}; sleep {seconds}; }}\nexec {real} "$@"\n'
        )
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return log

    return make


@pytest.fixture(autouse=True)
def untidy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone counts as untidy after a few fetches, and what nobody refers to goes at once."""
    monkeypatch.setattr("workers.adapters.git.clone._MANY_PACKS", 3)
    monkeypatch.setattr("workers.adapters.git.clone._KEEP_UNREACHABLE", "now")


def rewrite(source: Source, clone: Clone, count: int) -> list[str]:
    """Force-push so often, and fetch each time; the commits, of which only the last one is still on the branch."""
    commits = []
    for number in range(count):
        (source.path / "n").write_text(f"{number} {time.time_ns()}")
        source.git("add", "n")
        source.git("commit", "-q", "--amend", "-m", str(number))
        commits.append(clone.fetch(["main"])["main"])
    return commits


def text(clone: Clone, commit: str, path: str = "n") -> bytes:
    entry = clone.tree(commit).entry(path)
    assert entry is not None
    return clone.tree(commit).blob(entry.oid)


def fresh(services: Services) -> Clone:
    """A clone that has read nothing yet."""
    return Clone(services.repo("homelab"), services.settings.data_dir)


def test_what_is_pinned_stays_and_what_nobody_needs_any_more_goes(services: Services, source: Source) -> None:
    clone = services.clone("homelab")
    commits = rewrite(source, clone, 5)
    for pin, commit in (("deployed", commits[0]), ("previous", commits[1])):
        clone.pin(f"{pin}/{STACK}", commit)
    clone.pin(f"deployed/{GONE}", commits[2])
    services.state.journal.update(STACK, record=a_record(commits[0]))
    assert keep_house(services, "local", ["homelab"]) == ("homelab",)
    assert set(clone.pins()) == {f"deployed/{STACK}", f"previous/{STACK}"}
    with fresh(services) as again:
        assert [text(again, commits[kept])[:1] for kept in (0, 1, 4)] == [b"0", b"1", b"4"]
        for lost in (2, 3):
            with pytest.raises(UnknownName):
                again.resolve(commits[lost][:12])
    assert rewrite(source, clone, 1)


def test_it_is_done_once_a_day(services: Services, source: Source, pause: Callable[[str], Path]) -> None:
    log = pause("0")
    for _ in range(2):
        rewrite(source, services.clone("homelab"), 4)
        keep_house(services, "local", ["homelab"])
    assert log.read_text() == "begun\n"


def test_a_fetch_waits_until_it_is_over(services: Services, source: Source, pause: Callable[[str], Path]) -> None:
    clone = services.clone("homelab")
    rewrite(source, clone, 4)
    log = pause("1")
    keeper = threading.Thread(target=keep_house, args=(services, "local", ["homelab"]))
    keeper.start()
    while not log.read_text():
        time.sleep(0.01)
    commit = source.commit({"late": "1"})
    began = time.monotonic()
    with fresh(services) as other:
        assert other.fetch(["main"]) == {"main": commit}
    assert time.monotonic() - began > 0.7
    assert not list(clone.path.glob("gc.pid"))
    keeper.join()


def test_it_makes_way_for_a_fetch_and_is_done_at_the_next_occasion(services: Services, source: Source) -> None:
    clone = services.clone("homelab")
    rewrite(source, clone, 4)
    with flock(clone.path.with_name("homelab.lock"), timeout=0):
        assert keep_house(services, "local", ["homelab"]) == ()
    assert keep_house(services, "local", ["homelab"]) == ("homelab",)
    assert len(list((clone.path / "objects/pack").glob("*.pack"))) == 1


def test_whoever_reads_meanwhile_goes_on_reading_what_is_right(services: Services, source: Source) -> None:
    clone = services.clone("homelab")
    commits = rewrite(source, clone, 12)
    for number, commit in enumerate(commits):
        clone.pin(f"deployed/default/s{number}", commit)
        services.state.journal.update(f"default/s{number}", record=a_record(commit))
    over, read, wrong = threading.Event(), 0, []
    with fresh(services) as reader:
        assert text(reader, commits[0])

        def go_on_reading() -> None:
            nonlocal read
            while not over.is_set():
                number = read % len(commits)
                if not text(reader, commits[number]).startswith(b"%d " % number):
                    wrong.append(number)
                read += 1

        thread = threading.Thread(target=go_on_reading)
        thread.start()
        for _ in range(3):
            assert clone.collect_garbage(force=True)
        seen = read
        while read < seen + 2 * len(commits) and thread.is_alive():
            time.sleep(0.01)
        over.set()
        thread.join()
    assert read >= seen + 2 * len(commits)
    assert wrong == []
