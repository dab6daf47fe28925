"""What is found out before anything is touched."""

from __future__ import annotations

from pathlib import Path

from tests.unit.deploy.transaction.grounds import Files, a_ground
from workers.deploy.files.manifest import object_id
from workers.deploy.files.switch_plan import Do
from workers.deploy.transaction.prepare import OwnProject, prepare_files
from workers.model.words import Entry


def test_files_that_reach_no_service_are_staged_and_their_switch_is_planned(tmp_path: Path) -> None:
    ground = a_ground(tmp_path, new={"a/conf": Entry(0o100644, "1")})
    prepared = prepare_files(ground)
    assert (ground.folders.stage / "a/conf").read_text() == "a/conf"
    assert [(each.do, each.path) for each in prepared.operations] == [(Do.PUT, "a/conf")]
    assert (prepared.written, prepared.images, prepared.is_resumed) == (ground.new, {}, False)
    assert isinstance(ground.tools.source, Files)
    assert ground.tools.source.staged == ["a/conf"]


def test_what_was_changed_on_the_host_is_told_with_where_its_copy_stays(tmp_path: Path) -> None:
    said: list[str] = []
    old = Entry(0o100644, object_id(b"written", "0" * 40))
    ground = a_ground(tmp_path, old={"a/conf": old}, new={"a/conf": Entry(0o100644, "1")}, said=said)
    (ground.folders.live / "a/conf").write_text("edited")
    prepare_files(ground)
    kept = ground.folders.kept / "d1/a/conf"
    assert said == [f"a/conf was changed on this host; Git's version counts, a copy stays in {kept}"]


def test_its_own_project_is_told_what_to_do() -> None:
    assert str(OwnProject("default/a")) == (
        "default/a holds this Tegu itself, which never deploys itself; update it by hand"
    )
