"""Data comes along from another directory, and goes back, however far it came."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.adapters.docker.visibility import Sight
from workers.deploy.files.data import (
    Belonging,
    bring,
    bring_back,
    copy_all,
    elsewhere,
    left_behind,
    out_of_sight,
    take_leave,
    users_of,
)
from workers.deploy.files.layout import Folders
from workers.model.errors import BlockedStack, Cancelled
from workers.model.words import Entry

FILE = Entry(0o100644, "1")


class NoContainers(Engine):
    """An engine on which nothing runs."""

    def containers(self, project: str | None = None, *, one_off: bool = False) -> tuple[Container, ...]:
        del project, one_off
        return ()


ENGINE = NoContainers("unix:///nowhere")


def container(directory: Path, *sources: Path, state: str = "running") -> Details:
    labels = {"com.docker.compose.project.working_dir": str(directory)}
    made = Container("id", "p-web-1", "p", "web", state, "i", "i", 0, labels)
    return Details(made, state, "", 0, 0, None, "no", tuple(map(str, sources)))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A project directory with data, some of which Git has."""
    folder = tmp_path / "old" / "a"
    for path in ("data/x", "conf/app.ini", "conf/users.db", "../shared/y"):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path)
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    state = tmp_path / "state"
    state.mkdir()
    (tmp_path / "live").mkdir()
    return Folders(tmp_path / "live", state / "a.stage", state / "a.undo", state / "a.kept")


def never() -> threading.Event:
    return threading.Event()


# ---------------------------------------------------------------- what there is


def left(
    old: Path, folders: Folders, *sources: Path, mounted: tuple[str, ...] = (), staying: tuple[Path, ...] = ()
) -> list[str]:
    files = {"a/compose.yaml": FILE, "a/conf/app.ini": FILE}
    found = left_behind([container(old, *sources)], folders.live, "a", files, mounted, staying)
    return [each.path for each in found]


def test_what_git_lacks_is_left_behind(old: Path, folders: Folders) -> None:
    assert left(old, folders, old / "data") == ["a/data"]
    assert left(old, folders, old / "conf") == ["a/conf/users.db"]
    assert left(old, folders, old / "conf/app.ini") == []
    assert left(old, folders, old / "gone") == []


def test_a_mounted_project_directory_is_gone_through_and_nothing_is_named_twice(old: Path, folders: Folders) -> None:
    assert left(old, folders, old, old / "data/x") == ["a/conf/users.db", "a/data"]


def test_the_env_file_is_left_behind_too(old: Path, folders: Folders) -> None:
    (old / ".env").touch()
    assert left(old, folders) == ["a/.env"]


def test_what_lies_beside_the_project_directory_counts_when_it_is_mounted_relatively(
    old: Path, folders: Folders
) -> None:
    shared = old.parent / "shared"
    assert left(old, folders, shared, Path("/etc")) == []
    assert left(old, folders, shared, Path("/etc"), mounted=("shared",)) == ["shared"]


def test_what_the_new_model_mounts_where_it_is_stays_there(old: Path, folders: Folders) -> None:
    assert left(old, folders, old / "data", staying=(old / "data",)) == []
    assert left(old, folders, old, staying=(old / "data",)) == ["a/conf/users.db"]
    (old / "data/y").touch()
    assert left(old, folders, old / "data", staying=(old / "data/x",)) == ["a/data/y"]


def test_what_the_live_directory_has_is_not_left_behind(old: Path, folders: Folders) -> None:
    (folders.live / "a/data").mkdir(parents=True)
    assert left(old, folders, old / "data") == []


def test_containers_of_the_live_directory_leave_nothing_behind(folders: Folders) -> None:
    here = folders.live / "a"
    (here / "data").mkdir(parents=True)
    assert left(here, folders, here / "data") == []
    assert elsewhere([container(here).container], here) == ()


def hidden(
    old: Path, folders: Folders, *sources: Path, sight: Sight, mounted: tuple[str, ...] = (), wants_env: bool = False
) -> list[str]:
    files = {"a/compose.yaml": FILE, "a/conf/app.ini": FILE}
    containers, staying = [container(old, *sources)], (old / "stays",)
    found = out_of_sight(containers, folders.live, "a", files, mounted, staying, sight, wants_env=wants_env)
    return [os.path.relpath(each, old) for each in found]


def test_what_is_mounted_and_cannot_be_seen_may_be_left_behind(old: Path, folders: Folders) -> None:
    """Whether it is there is nothing that a look at the path could tell: the engine has said so."""
    blind = Sight((folders.live,))
    for folder in (old, Path("/srv/of-the-host/a")):
        assert hidden(folder, folders, folder / "data", sight=blind) == ["data"]
        assert hidden(folder, folders, folder / "conf", sight=blind) == ["conf"]  # nobody knows what else lies in it
        assert hidden(folder, folders, folder / "conf/app.ini", folder / "stays", Path("/etc"), sight=blind) == []
        assert hidden(folder, folders, folder.parent / "shared", sight=blind, mounted=("shared",)) == ["../shared"]
        assert hidden(folder, folders, folder / ".env", sight=blind) == [".env"]
        assert hidden(folder, folders, sight=blind) == []
        assert hidden(folder, folders, sight=blind, wants_env=True) == [".env"]
        assert hidden(folder, folders, folder / "data", sight=Sight()) == []
        assert hidden(folder, folders, folder / "data", sight=Sight((folder.parent,))) == []
    (folders.live / "a/data").mkdir(parents=True)
    assert hidden(old, folders, old / "data", sight=blind) == []
    here = folders.live / "a"
    assert hidden(here, folders, here / "data", sight=Sight(())) == []


def test_what_cannot_be_seen_is_not_brought_along_whatever_lies_at_its_path_here(old: Path, folders: Folders) -> None:
    files = {"a/compose.yaml": FILE}
    found = left_behind([container(old, old / "data")], folders.live, "a", files, (), (), Sight((folders.live,)))
    assert found == ()


def test_those_that_see_the_data_are_found(old: Path) -> None:
    data = [Belonging(str(old / "data"), "a/data")]
    assert users_of([container(old, old)], data) == ("id",)
    assert users_of([container(old, old / "data/x")], data) == ("id",)
    assert users_of([container(old, old / "conf")], data) == ()
    assert users_of([container(old, old / "data", state="exited")], data) == ()


# ---------------------------------------------------------------- there and back


def seen(folder: Path) -> dict[str, Any]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("how", ["move", "copy"])
def test_it_comes_along_and_goes_back(old: Path, folders: Folders, how: Any) -> None:
    before = seen(old)
    data = [Belonging(str(old / "data"), "a/data", how), Belonging(str(old / "conf/users.db"), "a/conf/users.db", how)]
    bring(ENGINE, folders, data, (), never())
    assert seen(folders.live) == {"a/conf/users.db": "conf/users.db", "a/data/x": "data/x"}
    assert (old / "data").exists() is (how == "copy")
    for _ in range(2):
        bring_back(ENGINE, folders, "p", data, folders.kept)
        assert seen(old) == before
        assert seen(folders.live) == {}


def test_what_is_there_is_never_overwritten(old: Path, folders: Folders) -> None:
    (folders.live / "a").mkdir()
    (folders.live / "a/data").write_text("mine")
    with pytest.raises(BlockedStack, match="in the way"):
        bring(ENGINE, folders, [Belonging(str(old / "data"), "a/data")], (), never())
    assert (folders.live / "a/data").read_text() == "mine"
    assert (old / "data/x").exists()


def test_no_symlink_leads_out_of_the_live_directory(old: Path, folders: Folders, tmp_path: Path) -> None:
    (folders.live / "a").symlink_to(tmp_path)
    with pytest.raises(BlockedStack):
        bring(ENGINE, folders, [Belonging(str(old / "data"), "a/data")], (), never())
    assert not (tmp_path / "data").exists()


def test_a_copy_that_is_cancelled_leaves_nothing(old: Path, folders: Folders) -> None:
    stop = threading.Event()
    stop.set()
    data = [Belonging(str(old / "data"), "a/data", "copy")]
    with pytest.raises(Cancelled):
        bring(ENGINE, folders, data, (), stop)
    bring_back(ENGINE, folders, "p", data, folders.kept)
    assert seen(folders.live) == {}
    assert not folders.arriving.exists()


def test_what_had_to_be_copied_to_be_moved_is_removed_at_the_end(old: Path, folders: Folders) -> None:
    (folders.live / "a/data").mkdir(parents=True)
    assert take_leave(folders, [Belonging(str(old / "data"), "a/data", "move")]) == []
    assert not (old / "data").exists()
    assert take_leave(folders, [Belonging(str(old / "conf"), "a/conf", "move")]) == []
    assert (old / "conf").exists()  # it never arrived


def test_a_copy_is_like_the_original(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "deep").mkdir(parents=True, mode=0o750)
    (source / "deep/file").write_text("text")
    (source / "deep/file").chmod(0o4711)
    os.utime(source / "deep/file", (1, 1))
    (source / "link").symlink_to("/nowhere")
    os.mkfifo(source / "pipe", 0o640)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        copy_all(str(source), str(target), never())
    assert sorted(path.name for path in target.iterdir()) == ["deep", "link", "pipe"]
    assert (target / "link").readlink() == Path("/nowhere")
    status = (target / "deep/file").stat()
    assert (status.st_mode & 0o7777, status.st_mtime) == (0o4711, 1)
    assert (target / "pipe").is_fifo()
