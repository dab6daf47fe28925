"""The containers that a deployment will not replace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workers.adapters.docker.container import ONE_OFF, PROJECT
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.strangers import strangers

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
            {"Id": name, "Names": [f"/{name}"], "Labels": labels}
            for name, labels in ROWS.items()
            if any(re.search(pattern, name) for pattern in names)
        ]


class Answering(Engine):
    """An engine with these containers."""

    @property
    def client(self) -> Any:
        return Listing()


def names(wanted: set[str] | None) -> list[str]:
    return [each.names[0] for each in strangers(Answering("unix:///nowhere"), {"a"}, wanted)]


def test_whoever_a_deployment_will_not_replace_is_a_stranger() -> None:
    assert names(None) == ["run", "other", "by.hand", "byxhand"]


def test_only_those_are_asked_for_that_have_a_name() -> None:
    assert names({"own", "by.hand", "oth"}) == ["by.hand"]
    assert names({"own", "run"}) == ["run"]
