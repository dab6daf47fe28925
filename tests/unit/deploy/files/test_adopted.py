"""What Compose reads in a stack's old directory until the live one has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.observations import STACK
from workers.adapters.state.marks import Adoption
from workers.deploy.files.adopted import OldFiles, files_for
from workers.services import HostFiles, Services


@pytest.fixture
def old_files(tmp_path: Path) -> OldFiles:
    for place in ("live/a", "old"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "old/.env").write_text("old")
    return OldFiles(HostFiles(str(tmp_path / "live"), {}), "a", (str(tmp_path / "gone"), str(tmp_path / "old")))


def test_what_the_live_directory_lacks_is_read_in_the_old_one_and_brought(tmp_path: Path, old_files: OldFiles) -> None:
    live = tmp_path / "live/a/.env"
    assert old_files.read(str(live)) == b"old"
    assert not live.exists()
    old_files.bring()
    assert live.read_text() == "old"


def test_what_the_live_directory_has_counts(tmp_path: Path, old_files: OldFiles) -> None:
    live = tmp_path / "live/a/.env"
    live.write_text("live")
    assert old_files.read(str(live)) == b"live"
    old_files.bring()
    assert live.read_text() == "live"


def test_nothing_outside_the_project_directory_is_looked_for(tmp_path: Path, old_files: OldFiles) -> None:
    assert old_files.read(str(tmp_path / "live/.env")) is None


@pytest.mark.parametrize("adoption", [None, Adoption("leave", "me", "2026-11-23T11:22:33Z")])
def test_without_a_decision_to_bring_data_nothing_old_is_read(services: Services, adoption: Adoption | None) -> None:
    assert files_for(services, STACK, adoption) is None
