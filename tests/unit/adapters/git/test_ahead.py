"""Many objects asked for at once."""

from __future__ import annotations

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
