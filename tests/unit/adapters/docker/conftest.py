"""A stack with a directory."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def live(tmp_path: Path) -> Path:
    folder = tmp_path / "live"
    (folder / "services/web").mkdir(parents=True)
    return folder
