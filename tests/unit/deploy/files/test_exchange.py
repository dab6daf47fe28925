"""A folder gets another name, and who knows the old one finds it still."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.deploy.files import exchange
from workers.deploy.files.exchange import link_directory, rename_with_link
from workers.model.stack import live_directory


@pytest.fixture(params=[True, False], ids=["exchanged", "one after the other"])
def root(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not request.param:
        monkeypatch.setattr(exchange, "_exchanged", lambda *_: False)
    (tmp_path / "services/old/data").mkdir(parents=True)
    (tmp_path / "services/old/data/kept").write_text("1")
    return tmp_path


@pytest.mark.parametrize("new", ["services/new", "apps/deep/new"])
def test_a_folder_is_found_under_both_names_and_is_one(root: Path, new: str) -> None:
    for _ in range(2):
        rename_with_link(root, "services/old", new)
        assert (root / "services/old").is_symlink()
        assert not (root / new).is_symlink()
        assert (root / "services/old/data/kept").read_text() == (root / new / "data/kept").read_text() == "1"


def test_what_a_kill_has_left_is_finished(root: Path) -> None:
    (root / "services/old").rename(root / "services/new")
    rename_with_link(root, "services/old", "services/new")
    assert (root / "services/old/data/kept").exists()


def test_an_empty_folder_and_a_link_of_before_are_in_nobodys_way(root: Path) -> None:
    (root / "services/new").symlink_to("new")
    rename_with_link(root, "services/old", "services/new")
    assert (root / "services/new/data/kept").exists()


def test_a_stack_has_the_directory_that_its_name_leads_to(tmp_path: Path) -> None:
    root = tmp_path / "stacks/default/old"
    root.mkdir(parents=True)
    link_directory(tmp_path / "stacks/production/new", root)
    link_directory(tmp_path / "stacks/production/new", root)
    assert live_directory(tmp_path, "production/new") == str(root)
    assert live_directory(tmp_path, "default/old") == str(root)
    link_directory(tmp_path / "stacks/default/newest", Path(live_directory(tmp_path, "production/new")))
    assert live_directory(tmp_path, "default/newest") == str(root)


def test_a_link_that_somebody_has_made_is_no_other_stacks_directory(tmp_path: Path) -> None:
    (tmp_path / "stacks/default").mkdir(parents=True)
    (tmp_path / "stacks/default/a").symlink_to("/mnt/big/a")
    assert live_directory(tmp_path, "default/a") == f"{tmp_path}/stacks/default/a"
