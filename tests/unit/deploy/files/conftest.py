"""A project directory from before, and the stack's own folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.deploy.files.layout import Folders


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
