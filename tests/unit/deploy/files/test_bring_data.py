"""Data comes along from another directory, and goes back, however far it came."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from workers.adapters.docker.container import Container
from workers.adapters.docker.engine import Engine
from workers.deploy.files.bring_data import bring, bring_back, copy_all, take_leave
from workers.deploy.files.data import Belonging
from workers.deploy.files.layout import Folders
from workers.model.errors import BlockedStack, Cancelled


class NoContainers(Engine):
    """An engine on which nothing runs."""

    def containers(self, project: str | None = None, *, one_off: bool = False) -> tuple[Container, ...]:
        del project, one_off
        return ()


ENGINE = NoContainers("unix:///nowhere")


def never() -> threading.Event:
    return threading.Event()


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
