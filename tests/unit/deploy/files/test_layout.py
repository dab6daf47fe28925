"""Folders of the live files may be read by whomever a container runs as."""

from __future__ import annotations

import os
from pathlib import Path

from workers.deploy.files.layout import make_live


def test_whatever_the_umask_everybody_may_read_what_is_made_and_what_was_there_stays(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        make_live(there / "a" / "b")
        make_live(there / "a" / "b")
    finally:
        os.umask(before)
    modes = [oct(path.stat().st_mode & 0o777) for path in (there, there / "a", there / "a/b")]
    assert modes == ["0o700", "0o755", "0o755"]
