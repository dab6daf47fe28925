"""What becomes of volumes whose definition changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.deploy.transaction.grounds import a_decision, a_ground, a_model, a_work, running
from workers.deploy.transaction.volume_survey import survey_volumes
from workers.deploy.transaction.volumes import Volume
from workers.model.errors import EngineUnavailable

LEFT = Volume("a_v", "local", {"type": "nfs"}, {})


def test_what_an_earlier_attempt_has_left_is_made_good_though_no_service_uses_it_now(tmp_path: Path) -> None:
    ground = a_ground(tmp_path, left_volumes={"v": LEFT})
    assert survey_volumes(a_work(ground, a_model(web={}), running())) == {"v": LEFT}


def test_the_engine_says_what_a_changed_one_is(tmp_path: Path) -> None:
    decision, model = replace(a_decision(), volumes=("v",)), {**a_model(web={}), "volumes": {"v": {"external": True}}}
    work = a_work(a_ground(tmp_path), model, running(), decision)
    assert survey_volumes(work) == {}  # it is somebody else's
    with pytest.raises(EngineUnavailable):
        survey_volumes(replace(work, model={**model, "volumes": {"v": {}}}))
