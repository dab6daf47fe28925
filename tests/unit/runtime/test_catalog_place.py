"""The catalog is found without being named, and nobody leaves one there for others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.runtime.catalog_place import find_catalog
from workers.runtime.settings import load_settings


@pytest.fixture
def below(tmp_path: Path) -> Path:
    folder = tmp_path / "repository/services/authelia"
    folder.mkdir(parents=True)
    return folder


def test_the_nearest_one_above_counts_and_then_that_of_the_machine(tmp_path: Path, below: Path) -> None:
    machine = tmp_path / "etc/tegu.yaml"
    assert find_catalog(below, machine) is None
    machine.parent.mkdir()
    machine.touch()
    assert find_catalog(below, machine) == machine
    (tmp_path / "repository/tegu.yaml").touch()
    assert find_catalog(below, machine) == tmp_path / "repository/tegu.yaml"
    (below / "tegu.yaml").touch()
    assert find_catalog(below, machine) == Path("tegu.yaml")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_one_that_somebody_else_has_left_above_does_not_count(tmp_path: Path, below: Path) -> None:
    left = tmp_path / "tegu.yaml"
    left.touch()
    os.chown(left, 65534, 65534)
    assert find_catalog(below, tmp_path / "none") is None


def test_what_is_named_wins_and_what_makes_one_does_not_look(
    tmp_path: Path, below: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tegu.yaml").touch()
    monkeypatch.chdir(below)
    assert load_settings({}).catalog == tmp_path / "tegu.yaml"
    assert load_settings({"TEGU_CATALOG": "other.yaml"}).catalog == Path("other.yaml")
    assert load_settings({}, search=False).catalog == Path("tegu.yaml")
