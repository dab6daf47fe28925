"""Who else has what a stack needs on its engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from workers.adapters.docker.container import ONE_OFF, PROJECT
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.networks import refuse_lacking, strangers
from workers.model.errors import EngineUnavailable

ROWS = {
    "own": {PROJECT: "a"},
    "run": {PROJECT: "a", ONE_OFF: "True"},
    "other": {PROJECT: "b"},
    "by.hand": {},
    "byxhand": {},
}


class Listing:
    """Answers as the engine does: a name matches with and without its slash."""

    def containers(self, *, all: bool, filters: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: A002
        assert all
        names = filters.get("name", ["."])
        return [
            {"Names": [f"/{name}"], "Labels": labels}
            for name, labels in ROWS.items()
            if any(re.search(pattern, name) for pattern in names)
        ]


class Answering(Engine):
    """An engine with these containers."""

    @property
    def client(self) -> Any:
        return Listing()


def names(wanted: set[str] | None) -> list[str]:
    return [row["Names"][0] for row in strangers(Answering("unix:///nowhere"), {"a"}, wanted)]


def test_whoever_a_deployment_will_not_replace_is_a_stranger() -> None:
    assert names(None) == ["/run", "/other", "/by.hand", "/byxhand"]


def test_only_those_are_asked_for_that_have_a_name() -> None:
    assert names({"own", "by.hand", "oth"}) == ["/by.hand"]
    assert names({"own", "run"}) == ["/run"]


def test_only_what_is_external_has_to_be_there() -> None:
    nowhere = Engine("unix:///nowhere")
    refuse_lacking(nowhere, {"networks": {"n": {}}, "volumes": {"v": None}})
    with pytest.raises(EngineUnavailable):
        refuse_lacking(nowhere, {"networks": {"n": {"external": True}}})
