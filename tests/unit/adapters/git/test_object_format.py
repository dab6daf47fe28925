"""Repositories whose ids are SHA-256: fetched, read, pinned and written like any other, and told apart from SHA-1."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.git_server import HttpServer, Source
from workers.adapters.git import open_local
from workers.adapters.git.clone import Clone
from workers.deploy.files.manifest import same_content
from workers.model.errors import UnknownName
from workers.model.secret import Secret

MakeClone = Callable[..., Clone]


def _source(path: Path, object_format: str) -> Source:
    made = Source(path, object_format)
    made.commit({"services/a/compose.yaml": "services: {}\n", "README.md": "hello\n"})
    return made


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return _source(tmp_path / "source", "sha256")


def test_it_is_fetched_again_and_again(source: Source, clone: Clone) -> None:
    head = source.git("rev-parse", "HEAD")
    assert len(head) == 64
    assert clone.fetch(["main", "gone"]) == {"main": head}
    place = clone.path.stat().st_ino
    source.git("tag", "-a", "-m", "one", "v1")
    source.git("tag", "-a", "-m", "two", "v2", "v1")
    moved = source.commit({"new": "file\n"})
    assert clone.fetch(["main", "v2"]) == clone.heads(["main", "v2"]) == {"main": moved, "v2": head}
    assert clone.path.stat().st_ino == place
    assert clone.resolve(moved[:12]) == moved
    assert clone.collect_garbage(force=True)
    clone.pin("deployed/default/a", head)
    assert clone.pins() == {"deployed/default/a": head}
    with pytest.raises(UnknownName):
        clone.resolve(head[:40][::-1])


@pytest.mark.parametrize("is_old", [False, True])
def test_a_server_tells_its_format_in_every_version_of_the_protocol(
    source: Source, make_clone: MakeClone, make_http_server: Callable[[str, str], HttpServer], is_old: bool
) -> None:
    server = make_http_server("me", "pw")
    server.is_old = is_old
    clone = make_clone(server.url, username="me", password=Secret("pw"))
    assert clone.fetch(["main"]) == {"main": source.git("rev-parse", "HEAD")}
    head = source.commit({"x": "y"})
    assert clone.fetch(["main"]) == {"main": head}


def test_its_files_are_written_and_known_again(source: Source, clone: Clone, tmp_path: Path) -> None:
    (source.path / "link").symlink_to("README.md")
    source.commit({"run.sh": "#!/bin/sh\n"})
    tree = clone.tree(clone.fetch(["main"])["main"])
    entries = {name: entry for name in ("README.md", "link", "run.sh") if (entry := tree.entry(name))}
    assert {len(entry.oid) for entry in entries.values()} == {64}
    clone.stage(entries, tmp_path / "stage")
    descriptor = os.open(tmp_path / "stage", os.O_RDONLY)
    try:
        assert all(same_content(name, descriptor, entry) for name, entry in entries.items())
        (tmp_path / "stage/README.md").write_text("other\n")
        assert not same_content("README.md", descriptor, entries["README.md"])
    finally:
        os.close(descriptor)


def test_a_working_tree_of_it_is_read(source: Source) -> None:
    with open_local(source.path) as local:
        entry = local.tree("main").entry("services/a/compose.yaml")
        assert entry is not None
        assert local.tree("main").blob(entry.oid) == b"services: {}\n"


def test_an_empty_one_is_cloned_once_it_has_a_commit(tmp_path: Path, make_clone: MakeClone) -> None:
    empty = Source(tmp_path / "empty", "sha256")
    clone = make_clone(empty.path)
    assert clone.fetch(["main"]) == {}
    head = empty.commit()
    assert clone.fetch(["main"]) == {"main": head}


@pytest.mark.parametrize(("before", "after"), [("sha1", "sha256"), ("sha256", "sha1")])
def test_a_clone_in_the_other_format_is_set_aside_and_made_anew(
    tmp_path: Path, make_clone: MakeClone, before: str, after: str
) -> None:
    path = tmp_path / "served"
    old = _source(path, before).git("rev-parse", "HEAD")
    clone = make_clone(path)
    clone.fetch(["main"])
    clone.pin("deployed/default/a", old)
    shutil.rmtree(path)
    new = _source(path, after).git("rev-parse", "HEAD")
    assert clone.fetch(["main"]) == clone.heads(["main"]) == {"main": new}
    assert clone.path.with_name("homelab.git.damaged").is_dir()
    assert clone.pins() == {}
    with pytest.raises(UnknownName):
        clone.tree("1" * len(old))
    place = clone.path.stat().st_ino
    assert clone.fetch(["main"]) == {"main": new}
    assert clone.path.stat().st_ino == place
