"""Data that a deployment would leave behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_ground, a_model, details, running
from workers.adapters.docker.container import WORKING_DIR
from workers.deploy.containers.running import Running
from workers.deploy.transaction.ground import Former, Ground
from workers.deploy.transaction.moved_data import MovedData, distant_data, moved_along
from workers.deploy.transaction.prepared import Staged
from workers.model.words import Entry

FILE = Entry(0o100644, "1")


def staged(ground: Ground, *protected: str, **volumes: dict[str, str]) -> Staged:
    model = {**a_model(web={}), "volumes": volumes}
    return Staged(ground.snapshot, ground.new, model, frozenset(protected))


def test_nothing_is_brought_along_for_who_runs_in_its_own_directory(tmp_path: Path) -> None:
    ground = a_ground(tmp_path)
    own = a_container("web", labels={WORKING_DIR: str(ground.live_directory)})
    assert moved_along(ground, staged(ground), running(own)) == ((), ())


@pytest.mark.parametrize("adoption", [None, "leave"])
def test_volumes_under_another_name_need_a_decision(tmp_path: Path, adoption: str | None) -> None:
    ground = a_ground(tmp_path, adoption=adoption)
    former = Former(
        "as project b",
        replace(ground.project, name="b"),
        running=Running(
            (
                details(
                    a_container("web", labels={WORKING_DIR: str(ground.live_directory)}), volumes=("b_data", "shared")
                ),
            )
        ),
    )
    ground = replace(ground, former=former)
    content = staged(ground, data={"name": "a_data"}, shared={"name": "shared"})
    if adoption == "leave":
        assert moved_along(ground, content, running()) == ((), ())
        return
    with pytest.raises(MovedData, match="which begins with empty volumes; these would stay behind: b_data;"):
        moved_along(ground, content, running())


@pytest.mark.parametrize(
    ("same_files", "expected"), [(True, {"a_data"}), (False, {"a_data", "a/data", "a/conf/extra"})]
)
def test_another_engine_lacks_volumes_and_another_host_files_that_git_lacks_too(
    tmp_path: Path, same_files: bool, expected: set[str]
) -> None:
    ground = a_ground(tmp_path, new={"a/conf/app.ini": FILE})
    (ground.folders.live / "a/conf").mkdir()
    (ground.folders.live / "a/conf/extra").touch()
    former = Former("to x", distant=True, same_files=same_files)
    content = staged(ground, "a/data", "a/conf", "a/conf/app.ini", data={"name": "a_data"})
    assert distant_data(ground, content, former) == expected
    with pytest.raises(MovedData, match="default/a was last deployed to x, and this data would stay behind there"):
        moved_along(replace(ground, former=former), content, running())
