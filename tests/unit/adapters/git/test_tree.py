"""A commit is read by literal paths and object ids, from caches that stay bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git import open_local
from workers.model.errors import GitUnavailable, InvalidStack, UnknownName
from workers.model.words import Entry
from workers.runtime.cache import BoundedCache


def test_a_path_is_looked_up_component_by_component(source: Source) -> None:
    (source.path / "services/a/run.sh").write_text("#!/bin/sh\n")
    (source.path / "services/a/run.sh").chmod(0o755)
    (source.path / "link").symlink_to("services/a")
    source.commit({"[odd] *name": "x", "ünï": "y"})
    with open_local(source.path) as repo:
        tree = repo.tree("HEAD")
        modes = {}
        for path in ("", "services", "services/a/compose.yaml", "services/a/run.sh", "link", "[odd] *name", "ünï"):
            entry = tree.entry(path)
            modes[path] = oct(entry.mode) if entry else None
        assert modes == {
            "": "0o40000",
            "services": "0o40000",
            "services/a/compose.yaml": "0o100644",
            "services/a/run.sh": "0o100755",
            "link": "0o120000",
            "[odd] *name": "0o100644",
            "ünï": "0o100644",
        }
        for absent in ("nope", "link/compose.yaml", "README.md/x", "services/", "/services", "services//a", ".", "*"):
            assert tree.entry(absent) is None, absent


def test_a_name_that_is_no_utf8_is_a_name_like_any_other(source: Source) -> None:
    Path(os.fsdecode(os.fsencode(source.path) + b"/caf\xe9")).write_text("latin\n")
    source.commit()
    with open_local(source.path) as repo:
        tree = repo.tree("main")
        entry = tree.entry(b"caf\xe9".decode("utf-8", "surrogateescape"))
        assert entry is not None
        assert tree.blob(entry.oid) == b"latin\n"


def test_the_id_of_a_folder_is_that_of_its_content(source: Source) -> None:
    with open_local(source.path) as repo:
        before = repo.tree("main")
        source.commit({"services/b/compose.yaml": "services: {}\n"})
        after = repo.tree("main")
        assert before.entry("services") != after.entry("services")
        assert before.entry("services/a") == after.entry("services/a")
        entry = after.entry("services")
        assert entry is not None
        assert set(after.listing(entry.oid)) == {"a", "b"}


def test_a_submodule_is_an_entry_and_no_folder(source: Source) -> None:
    head = source.git("rev-parse", "HEAD")
    source.git("update-index", "--add", "--cacheinfo", f"160000,{head},vendor")
    source.git("commit", "-q", "-m", "submodule")
    with open_local(source.path) as repo:
        tree = repo.tree("main")
        assert tree.entry("vendor") == Entry(0o160000, head)
        assert tree.entry("vendor/x") is None


def test_a_file_too_large_to_be_read_is_refused_but_has_a_size(source: Source) -> None:
    (source.path / "large").write_bytes(b"\0" * (17 << 20))
    source.commit()
    with open_local(source.path) as repo:
        tree = repo.tree("main")
        entry = tree.entry("large")
        assert entry is not None
        assert tree.size(entry.oid) == 17 << 20
        with pytest.raises(InvalidStack, match="larger than 16 MiB"):
            tree.blob(entry.oid)


def test_there_is_no_tree_of_a_commit_that_is_not_there(source: Source) -> None:
    with open_local(source.path) as repo:
        for commit in ("1" * 40, "nope", source.git("rev-parse", "HEAD^{tree}")):
            with pytest.raises(UnknownName):
                repo.tree(commit)


@pytest.mark.parametrize("place", ["", "services/a", ".git"])
def test_a_repository_is_found_from_within(source: Source, place: str) -> None:
    with open_local(source.path / place) as repo:
        assert repo.resolve("HEAD") == source.git("rev-parse", "main")


def test_linked_and_bare_repositories_are_found(source: Source, tmp_path: Path) -> None:
    source.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "linked")
    source.git("clone", "-q", "--bare", str(source.path), str(tmp_path / "bare.git"))
    for path in (tmp_path / "linked", tmp_path / "bare.git"):
        with open_local(path) as repo:
            assert repo.tree("HEAD").entry("README.md")


def test_a_folder_outside_of_any_repository_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="not in a Git repository"):
        open_local(tmp_path)


def test_a_repository_with_longer_ids_is_read_too(tmp_path: Path) -> None:
    source = Source.__new__(Source)
    source.path = tmp_path / "sha256"
    source.path.mkdir()
    source.git("init", "-q", "-b", "main", "--object-format=sha256")
    head = source.commit({"a/b": "c\n"})
    with open_local(source.path) as repo:
        entry = repo.tree(head).entry("a/b")
        assert entry is not None
        assert repo.tree(head).blob(entry.oid) == b"c\n"


def test_a_cache_stays_within_its_bound_and_keeps_what_is_asked_for() -> None:
    cache: BoundedCache[str] = BoundedCache(100, len)
    cache.put("kept", "x")
    for number in range(1000):
        cache.put(str(number), "x" * 10)
        assert cache.get("kept") == "x"
        assert len(cache) <= 11
    assert cache.get("0") is None
    assert cache.get("999") == "x" * 10


def test_reading_works_from_a_bare_interpreter(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever `GIT_*` says, the directory that was opened is the one that is read."""
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nonexistent")
    with open_local(source.path) as repo:
        assert repo.resolve("main") == source.git("rev-parse", "main")


def test_small_blobs_are_read_in_one_go_and_no_others(source: Source) -> None:
    source.commit({"empty": "", "small": "12345", "limit": "1234567890"})
    with open_local(source.path) as repo:
        tree = repo.tree("HEAD")
        oids = {name: entry.oid for name in ("empty", "small", "limit") if (entry := tree.entry(name))}
        for _ in range(2):
            assert dict(tree.blobs([*oids.values()], least=1, below=10)) == {oids["small"]: b"12345"}
        assert tree.blob(oids["limit"]) == b"1234567890"
        assert list(tree.blobs([oids["limit"]], least=10, below=11)) == [(oids["limit"], b"1234567890")]
        for missing in ("0" * 40, tree.commit[:-1] + "x"):
            with pytest.raises(GitUnavailable):
                list(tree.blobs([missing], least=0, below=1))
