"""Which names of containers a model wants, and who has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workers.adapters.docker.container import NUMBER, PROJECT, Container
from workers.deploy.containers.names import crossing, taken_names, wanted_names
from workers.deploy.containers.strangers import Stranger


def container(service: str, number: str) -> Container:
    return Container(f"{service}{number}", "x", "p", service, "running", "i", "i", 0, {NUMBER: number})


@pytest.mark.parametrize(
    ("service", "there", "names"),
    [
        ({}, [], {"p-web-1"}),
        ({"container_name": "web"}, ["1"], {"web"}),
        ({"scale": 3}, [], {"p-web-1", "p-web-2", "p-web-3"}),
        ({"deploy": {"replicas": 2}}, [], {"p-web-1", "p-web-2"}),
        ({"deploy": {"replicas": 2}, "scale": 1}, [], {"p-web-1"}),
        ({"deploy": {}}, [], {"p-web-1"}),
        ({"scale": 0}, [], set()),
        ({"scale": 0, "container_name": "web"}, [], set()),
        ({"provider": {"type": "x"}}, [], set()),
        ({"scale": 3}, ["2", "5"], {"p-web-2", "p-web-5", "p-web-6"}),
        ({"scale": 1}, ["3", "2"], {"p-web-2"}),
        ({}, ["", "x"], {"p-web-1"}),
    ],
)
def test_a_container_is_called_as_compose_will_call_it(
    service: dict[str, Any], there: list[str], names: set[str]
) -> None:
    model = {"services": {"web": service, "other": {"container_name": "untouched"}}}
    containers = [container("web", number) for number in there]
    found = wanted_names(model, "p", {"web", "removed"}, [*containers, container("other", "7")])
    assert found == dict.fromkeys(names, "web")


def test_a_container_crosses_whose_name_another_service_gets() -> None:
    there = [replace(container(name, "1"), name=name) for name in ("web", "db", "side")]
    assert crossing({"web": "db", "other": "web", "side": "side"}, there) == there[:1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"Names": ["/web"], "Labels": {PROJECT: "q"}}, "the container name web is taken by a container of project q;"),
        (
            {"Names": ["/web"], "Labels": None},
            "the container name web is taken by a container 0123456789ab, which is of no project;",
        ),
    ],
)
def test_who_has_a_name_is_named(row: dict[str, Any], message: str) -> None:
    other = {"Id": "f" * 64, "Names": ["/other", "/other/web"], "Labels": {}}
    others = [Stranger.of(other), Stranger.of({"Id": "e" * 64, "Names": None})]
    (told,) = taken_names([*others, Stranger.of({"Id": "0123456789abcdef", **row})], {"web"}, lambda _: None)
    assert told.startswith(message)
    assert not list(taken_names(others, {"web"}, lambda _: None))
