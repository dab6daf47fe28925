"""The stage has every file of the closure, and the folders that have to be there without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.deploy.files.layout import Folders
from workers.deploy.files.manifest import Manifest
from workers.deploy.files.stage import stage
from workers.model.errors import BlockedStack


class NoFiles:
    def stage(self, files: Manifest, target: Path) -> None:
        pass


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "live").mkdir()
    return Folders(*(tmp_path / name for name in ("live", "stage", "undo", "kept")))


@pytest.mark.parametrize(
    ("empty", "made"),
    [(("",), []), (("app",), ["app"]), (("", "ctx/out", "ctx/src"), ["ctx", "ctx/out", "ctx/src"])],
)
def test_empty_folders_are_made(folders: Folders, empty: tuple[str, ...], made: list[str]) -> None:
    stage(NoFiles(), {}, (), folders, empty)
    assert sorted(str(path.relative_to(folders.stage)) for path in folders.stage.rglob("*")) == made


def test_no_folder_is_made_outside(folders: Folders) -> None:
    with pytest.raises(BlockedStack):
        stage(NoFiles(), {}, (), folders, ("a/../../b",))
