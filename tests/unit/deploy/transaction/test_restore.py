"""What Compose reads, as it was deployed last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.records import a_record, a_snapshot
from tests.unit.deploy.transaction.grounds import a_ground
from workers.deploy.files.manifest import object_id
from workers.deploy.files.safe_path import Root
from workers.deploy.transaction.restore import is_in_place, restore_model
from workers.model.words import Entry


def entry(text: str) -> Entry:
    return Entry(0o100644, object_id(text.encode(), "0" * 40))


def test_an_edited_model_is_as_it_was_deployed_and_data_is_left_alone(tmp_path: Path) -> None:
    record = replace(a_record(), snapshot=replace(a_snapshot(), model=("a/compose.yaml",)))
    old = {path: entry(path) for path in ("a/compose.yaml", "a/data")}  # the clone has their paths as their contents
    ground = a_ground(tmp_path, old=old, record=record)
    for path in old:
        (ground.folders.live / path).write_text("edited")
    for _ in range(2):
        restore_model(ground)
        assert (ground.folders.live / "a/compose.yaml").read_text() == "a/compose.yaml"
        assert (ground.folders.live / "a/data").read_text() == "edited"
    assert (ground.folders.kept / "d1/a/compose.yaml").read_text() == "edited"


def test_a_file_is_in_place_when_it_has_the_content_that_git_says(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path)
    live = Root(tmp_path)
    try:
        assert is_in_place(live, "file", entry("text"))
        assert not is_in_place(live, "file", entry("other"))
        assert not is_in_place(live, "gone", entry("text"))
        assert not is_in_place(live, "link/file", entry("text"))
    finally:
        live.close()
