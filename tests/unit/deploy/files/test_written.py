"""Taking back what Tegu has written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from workers.deploy.files.written import remove_written
from workers.model.words import Entry


def entry(text: str) -> Entry:
    content = text.encode()
    return Entry(0o100644, hashlib.sha1(b"blob %d\0%s" % (len(content), content)).hexdigest())


@pytest.fixture
def live(tmp_path: Path) -> Path:
    made = tmp_path / "live"
    for path, text in (("a/compose.yaml", "x"), ("a/conf/own", "1"), ("a/conf/edited", "by hand")):
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)
    return made


WRITTEN = {
    "a/compose.yaml": entry("x"),
    "a/conf/own": entry("1"),
    "a/conf/edited": entry("as it was"),
    "a/no": entry(""),
}


def test_what_somebody_has_changed_or_written_stays(live: Path) -> None:
    (live / "a/data").mkdir()
    (live / "a/data/precious").write_text("everything")
    remove_written(live, WRITTEN)
    assert sorted(str(each.relative_to(live)) for each in live.rglob("*") if each.is_file()) == [
        "a/conf/edited",
        "a/data/precious",
    ]


def test_a_directory_of_which_nothing_is_left_goes(live: Path) -> None:
    (live / "a/conf/edited").unlink()
    remove_written(live, WRITTEN)
    assert not live.exists()
    remove_written(live, WRITTEN)


def test_nothing_is_removed_through_a_link_that_leads_out(live: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/own").write_text("1")
    (live / "a/conf/own").unlink()
    (live / "a/conf/edited").unlink()
    (live / "a/conf").rmdir()
    (live / "a/conf").symlink_to(tmp_path / "outside")
    remove_written(live, WRITTEN)
    assert (tmp_path / "outside/own").read_text() == "1"
