"""Files that Git lacks are as they were while a rollback needs them, and as they are afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.deploy.files.layout import Folders
from workers.deploy.files.unversioned import as_they_were, give_back, remember


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "live/a").mkdir(parents=True)
    return Folders(tmp_path / "live", state / "s.stage", state / "s.undo", state / "s.kept")


PATHS = ("a/.env", "a/gone", "a/new")


def live(folders: Folders) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folders.live / "a").iterdir()}


def edited(folders: Folders) -> dict[str, str]:
    """One is changed, one removed and one added after the last good deployment."""
    (folders.live / "a/.env").write_text("1")
    (folders.live / "a/gone").write_text("g")
    remember(folders, ["a/.env", "a/gone", "/etc/hostname"])
    (folders.live / "a/.env").write_text("2")
    (folders.live / "a/.env").chmod(0o640)
    (folders.live / "a/gone").unlink()
    (folders.live / "a/new").write_text("n")
    return live(folders)


def test_they_are_as_they_were_and_then_as_they_are(folders: Folders) -> None:
    now = edited(folders)
    with as_they_were(folders, PATHS):
        assert live(folders) == {".env": "1", "gone": "g"}
    assert live(folders) == now
    assert (folders.live / "a/.env").stat().st_mode & 0o777 == 0o640
    assert not folders.aside.exists()


def test_after_a_kill_they_are_given_back(folders: Folders) -> None:
    now = edited(folders)
    killed = as_they_were(folders, PATHS)
    killed.__enter__()
    give_back(folders)
    assert live(folders) == now
    give_back(folders)
    assert live(folders) == now


def test_one_whose_place_is_taken_meanwhile_is_kept(folders: Folders) -> None:
    edited(folders)
    killed = as_they_were(folders, PATHS)
    killed.__enter__()
    (folders.live / "a/.env").unlink()
    (folders.live / "a/.env").mkdir()
    give_back(folders)
    assert (folders.kept / "set-aside/a/.env").read_text() == "2"
    assert (folders.live / "a/new").read_text() == "n"
    assert not folders.aside.exists()


def test_equal_files_are_not_touched(folders: Folders) -> None:
    (folders.live / "a/.env").write_text("1")
    remember(folders, ["a/.env"])
    before = (folders.live / "a/.env").stat().st_ino
    with as_they_were(folders, ["a/.env"]):
        assert not folders.aside.exists()
    assert (folders.live / "a/.env").stat().st_ino == before


def test_one_that_was_added_since_is_away_meanwhile(folders: Folders) -> None:
    remember(folders, [])
    assert not folders.good.exists()
    (folders.live / "a/.env").write_text("2")
    with as_they_were(folders, ["a/.env"]):
        assert live(folders) == {}
    assert live(folders) == {".env": "2"}


def test_nothing_is_done_where_nothing_was_noted(folders: Folders) -> None:
    (folders.live / "a/.env").write_text("2")
    with as_they_were(folders, ["a/.env"], remembered=False):
        assert live(folders) == {".env": "2"}


def test_what_was_staged_is_what_is_remembered(folders: Folders) -> None:
    (folders.live / "a/.env").write_text("later")
    (folders.stage / "a").mkdir(parents=True)
    (folders.stage / "a/.env").write_text("staged")
    remember(folders, ["a/.env"])
    assert (folders.good / "a/.env").read_text() == "staged"
