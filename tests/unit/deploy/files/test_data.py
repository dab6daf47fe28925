"""What a project that ran from another directory would leave behind there."""

from __future__ import annotations

import os
from pathlib import Path

from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.visibility import Sight
from workers.deploy.files.data import Belonging, elsewhere, left_behind, out_of_sight, users_of
from workers.deploy.files.layout import Folders
from workers.model.words import Entry

FILE = Entry(0o100644, "1")


def container(directory: Path, *sources: Path, state: str = "running") -> Details:
    labels = {"com.docker.compose.project.working_dir": str(directory)}
    made = Container("id", "p-web-1", "p", "web", state, "i", "i", 0, labels)
    return Details(made, state, "", 0, 0, None, "no", tuple(map(str, sources)))


def left(
    old: Path,
    folders: Folders,
    *sources: Path,
    mounted: tuple[str, ...] = (),
    staying: tuple[Path, ...] = (),
    env_files: tuple[str, ...] = (),
) -> list[str]:
    files = {"a/compose.yaml": FILE, "a/conf/app.ini": FILE}
    found = left_behind([container(old, *sources)], folders.live, "a", files, mounted, staying, env_files=env_files)
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
    assert left(old, folders, env_files=("a/.env", "a/gone.env")) == ["a/.env"]


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
    old: Path,
    folders: Folders,
    *sources: Path,
    sight: Sight,
    mounted: tuple[str, ...] = (),
    env_files: tuple[str, ...] = (),
) -> list[str]:
    files = {"a/compose.yaml": FILE, "a/conf/app.ini": FILE}
    containers, staying = [container(old, *sources)], (old / "stays",)
    found = out_of_sight(containers, folders.live, "a", files, mounted, staying, sight, env_files=env_files)
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
        assert hidden(folder, folders, sight=blind, env_files=("a/.env", "a/sub/x.env", "shared.env")) == [
            ".env",
            "sub/x.env",
            "../shared.env",
        ]
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
