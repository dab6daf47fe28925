"""Files are written as Git has them, and never outside of their folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git_server import Source
from workers.adapters.git import LocalRepo, open_local
from workers.model.errors import BlockedStack, GitUnavailable, InvalidStack
from workers.model.words import Entry


@pytest.fixture
def repo(source: Source) -> Iterator[LocalRepo]:
    (source.path / "run.sh").write_text("#!/bin/sh\r\n")
    (source.path / "run.sh").chmod(0o755)
    (source.path / "link").symlink_to("../../etc/passwd")
    source.commit({".gitattributes": "* text=auto eol=crlf ident filter=x\n", "id": "$Id$\n", "deep/er/file": "x"})
    with open_local(source.path) as opened:
        yield opened


def _entries(repo: LocalRepo, *paths: str) -> dict[str, Entry]:
    tree = repo.tree("main")
    found = {path: tree.entry(path) for path in paths}
    return {path: entry for path, entry in found.items() if entry is not None}


def test_content_modes_and_links_are_git_s_own(repo: LocalRepo, tmp_path: Path) -> None:
    target = tmp_path / "stage"
    before = os.umask(0o077)
    try:
        repo.stage(_entries(repo, "run.sh", "id", "link", "deep/er/file", "README.md"), target)
    finally:
        os.umask(before)
    assert (target / "run.sh").read_bytes() == repo.tree("main").blob(_entries(repo, "run.sh")["run.sh"].oid)
    assert (target / "id").read_bytes() == b"$Id$\n"
    modes = {path: stat.S_IMODE((target / path).lstat().st_mode) for path in ("run.sh", "id", "deep", "deep/er/file")}
    assert modes == {"run.sh": 0o755, "id": 0o644, "deep": 0o755, "deep/er/file": 0o644}
    assert os.readlink(target / "link") == "../../etc/passwd"  # noqa: PTH115 (as it is written)


def test_an_older_file_is_replaced_and_not_written_through(repo: LocalRepo, tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "stage", tmp_path / "elsewhere"
    target.mkdir()
    elsewhere.write_text("mine")
    (target / "id").symlink_to(elsewhere)
    os.link(elsewhere, target / "README.md")
    (target / "link").write_text("a file")
    repo.stage(_entries(repo, "id", "README.md", "link"), target)
    assert (target / "id").read_text() == "$Id$\n"
    assert (target / "README.md").read_text() == "hello\n"
    assert (target / "link").is_symlink()
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "", "a//x", "./x", "a/", ".git/config", "a/.GIT/x", "a\0b"]
)
def test_a_path_that_leads_outside_is_refused(repo: LocalRepo, tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidStack):
        repo.stage({path: _entries(repo, "id")["id"]}, tmp_path / "in" / "stage")
    assert [found for found in tmp_path.rglob("x") if "source" not in found.parts] == []


def test_a_folder_that_is_a_symlink_is_not_followed(repo: LocalRepo, tmp_path: Path) -> None:
    target, outside = tmp_path / "stage", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (target / "deep").symlink_to(outside)
    with pytest.raises(BlockedStack, match="deep/er/file"):
        repo.stage(_entries(repo, "deep/er/file"), target)
    assert list(outside.iterdir()) == []


def test_a_link_of_the_commit_cannot_be_written_through_either(repo: LocalRepo, tmp_path: Path) -> None:
    entries = _entries(repo, "link", "id")
    with pytest.raises(BlockedStack):
        repo.stage({"d": entries["link"], "d/x": entries["id"]}, tmp_path / "stage")


def test_a_folder_in_the_place_of_a_file_is_named(repo: LocalRepo, tmp_path: Path) -> None:
    (tmp_path / "stage/id").mkdir(parents=True)
    with pytest.raises(BlockedStack, match="id: something else is in the way"):
        repo.stage(_entries(repo, "id"), tmp_path / "stage")


@pytest.mark.parametrize(("mode", "words"), [(0o160000, "submodule"), (0o040000, "no file")])
def test_what_is_no_file_is_refused(repo: LocalRepo, tmp_path: Path, mode: int, words: str) -> None:
    with pytest.raises(InvalidStack, match=words):
        repo.stage({"x": Entry(mode, "1" * 40)}, tmp_path / "stage")


def test_an_object_that_is_not_there_is_no_empty_file(repo: LocalRepo, tmp_path: Path) -> None:
    with pytest.raises(GitUnavailable):
        repo.stage({"x": Entry(0o100644, "1" * 40)}, tmp_path / "stage")


def test_a_large_file_is_streamed(source: Source, repo: LocalRepo, tmp_path: Path) -> None:
    content = os.urandom(20 << 20)
    (source.path / "large").write_bytes(content)
    source.commit()
    repo.stage(_entries(repo, "large"), tmp_path / "stage")
    assert (tmp_path / "stage/large").read_bytes() == content


def test_thousands_of_files_are_staged_at_once(source: Source, repo: LocalRepo, tmp_path: Path) -> None:
    files = {f"many/{number % 50}/{number}": f"{number}\n" for number in range(3000)}
    source.commit(dict(files))
    entries = _entries(repo, *files)
    repo.stage(entries, tmp_path / "stage")
    assert (tmp_path / "stage/many/7/2957").read_text() == "2957\n"
