"""Who else has what a stack needs on its engine."""

from __future__ import annotations

import pytest

from workers.adapters.docker.engine import Engine
from workers.deploy.containers.networks import refuse_lacking
from workers.model.errors import EngineUnavailable


def test_only_what_is_external_has_to_be_there() -> None:
    nowhere = Engine("unix:///nowhere")
    refuse_lacking(nowhere, {"networks": {"n": {}}, "volumes": {"v": None}})
    with pytest.raises(EngineUnavailable):
        refuse_lacking(nowhere, {"networks": {"n": {"external": True}}})
