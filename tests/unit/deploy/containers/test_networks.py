"""Who else has what a stack needs on its engine."""

from __future__ import annotations

import pytest

from workers.adapters.docker.engine import Engine
from workers.deploy.containers.networks import foreign, lacking
from workers.model.errors import EngineUnavailable


def test_only_what_is_external_has_to_be_there() -> None:
    nowhere = Engine("unix:///nowhere")
    assert not list(lacking(nowhere, {"networks": {"n": {}}, "volumes": {"v": None}}))
    with pytest.raises(EngineUnavailable):
        list(lacking(nowhere, {"networks": {"n": {"external": True}}}))


def test_only_what_compose_would_make_may_be_somebody_elses() -> None:
    nowhere = Engine("unix:///nowhere")
    assert not list(foreign(nowhere, "a", {"networks": {"n": {"name": "n", "external": True}, "m": None}}))
    with pytest.raises(EngineUnavailable):
        list(foreign(nowhere, "a", {"networks": {"n": {"name": "a_n"}}}))
