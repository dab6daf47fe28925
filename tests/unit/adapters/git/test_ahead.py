"""Many objects asked for at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git import open_local
from workers.adapters.git.reader import Reader


def test_objects_that_are_fetched_ahead_are_not_asked_for_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"many/{number}/ahead.txt": f"{number} ahead\n" for number in range(150)}
    source.commit(dict(files))
    with open_local(source.path) as repo:
        tree = repo.tree("main")
        folder = tree.entry("many")
        assert folder is not None
        folders = tree.listing(folder.oid)
        tree.prefetch([entry.oid for entry in folders.values()])
        entries = [tree.listing(entry.oid)["ahead.txt"] for entry in folders.values()]
        tree.prefetch([*(entry.oid for entry in entries), "0" * 40, "no such object"])
        monkeypatch.setattr(Reader, "_ask", None)
        assert {tree.blob(entry.oid).decode() for entry in entries} == set(files.values())
        assert all(tree.size(entry.oid) for entry in entries)


def test_a_reader_goes_on_after_somebody_stopped_listening(source: Source) -> None:
    reader = Reader(source.path / ".git")
    commit = source.git("rev-parse", "HEAD")
    answers = reader.read_many([commit, commit, "HEAD^{tree}"])
    assert next(answers) is not None
    answers.close()  # type: ignore[attr-defined]
    found = reader.read("HEAD")
    assert found is not None
    assert found[0].oid == commit
    reader.close()


def _ids(source: Source, count: int) -> dict[str, int]:
    """The ids of new files, and how large these are."""
    files = {f"sizes/{number}": "x" * (number % 2000) + f"{number}" for number in range(count)}
    source.commit(dict(files))
    listed = source.git("ls-tree", "-r", "HEAD", "sizes").splitlines()
    found = {line.split("\t")[1]: line.split()[2] for line in listed}
    return {found[path]: len(text) for path, text in files.items()}


def test_a_hundred_thousand_sizes_are_asked_for_at_once(source: Source) -> None:
    known = _ids(source, 50)
    names = [*known, "1" * 40] * 2000
    reader = Reader(source.path / ".git")
    assert list(reader.sizes(names)) == [known.get(name) for name in names]
    reader.close()


def test_sizes_are_found_in_a_repository_of_other_ids(tmp_path: Path) -> None:
    known = _ids(Source(tmp_path / "sha256", "sha256"), 20)
    reader = Reader(tmp_path / "sha256" / ".git")
    assert list(reader.sizes([*known, "1" * 64, "no such object"])) == [*known.values(), None, None]
    reader.close()


def test_threads_ask_one_reader_for_sizes_and_contents(source: Source) -> None:
    known = _ids(source, 300)
    reader = Reader(source.path / ".git")

    def ask(turn: int) -> bool:
        if turn % 2:
            return list(reader.sizes([*known] * 5)) == [*known.values()] * 5
        found = [each and len(each[1]) for each in reader.read_many([*known])]
        return found == [*known.values()]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(24)))
    reader.close()


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script in the place of `git`, which it finds as $GIT; $TURN counts its calls from 1."""
    real, folder = shutil.which("git"), tmp_path / "instead"

    def make(script: str) -> None:
        folder.mkdir()
        (folder / "git").write_text(
            f"#!/bin/sh\nGIT={real}; echo >> {folder}/turns; TURN=$(wc -l < {folder}/turns)\n{script}\n"
        )
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return make


def test_what_was_answered_before_git_ended_is_kept(source: Source, instead: Callable[[str], None]) -> None:
    known = _ids(source, 500)
    # Twice it breaks off in the middle of a line.
    instead('[ $TURN -gt 2 ] && exec "$GIT" "$@"; "$GIT" "$@" | { dd bs=1 count=9999 2>/dev/null; kill $$; }')
    reader = Reader(source.path / ".git")
    assert list(reader.sizes([*known])) == list(known.values())
    reader.close()


def test_only_the_object_that_git_ends_at_is_to_blame(source: Source, instead: Callable[[str], None]) -> None:
    known = _ids(source, 12)
    bad = list(known)[7]
    # Whatever is asked in one go with it is lost with it.
    instead(
        f'asked=$(mktemp)\nwhile read -r line; do echo "$line" >> $asked\n'
        f'case $line in *{bad}*) exit 1;; flush) "$GIT" "$@" < $asked; : > $asked;; esac; done'
    )
    reader = Reader(source.path / ".git")
    assert list(reader.sizes([*known])) == [None if name == bad else size for name, size in known.items()]
    reader.close()


def test_what_a_partial_clone_lacks_is_fetched_for_as_long_as_it_can_be(source: Source, tmp_path: Path) -> None:
    known = _ids(source, 30)
    source.git("config", "uploadpack.allowFilter", "true")
    source.git("config", "uploadpack.allowAnySHA1InWant", "true")
    partial = tmp_path / "partial"
    source.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{source.path}", str(partial))
    first, second = list(known)[:5], list(known)[5:]
    reader = Reader(partial)
    assert list(reader.sizes(first)) == [known[name] for name in first]
    source.path.rename(tmp_path / "gone")
    assert list(reader.sizes([*first, *second])) == [*(known[name] for name in first), *[None] * len(second)]
    reader.close()
