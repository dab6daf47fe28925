"""Volumes that are made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_ground, a_model, a_work, running
from workers.deploy.transaction.remake_volumes import make_anew, put_back, used_by_others
from workers.deploy.transaction.volumes import Volume
from workers.model.errors import EngineUnavailable

MOUNT = Volume("a_v", "local", {"type": "nfs"}, {})


def test_without_any_the_engine_is_not_asked(tmp_path: Path) -> None:
    made_anew: set[str] = set()
    ground = a_ground(tmp_path)
    make_anew(a_work(ground, a_model(web={}), running()), made_anew)
    put_back(ground, {}, made_anew)
    assert made_anew == set()
    with pytest.raises(EngineUnavailable):
        put_back(ground, {"v": MOUNT}, made_anew)


def test_who_uses_one_is_named_with_what_to_do() -> None:
    told = used_by_others(MOUNT, [a_container("b"), a_container("a")])
    assert "use it, running or not: a-a-1, a-b-1;" in told
    assert "docker rm --force a-a-1 a-b-1" in told
