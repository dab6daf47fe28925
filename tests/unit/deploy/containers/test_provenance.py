"""Whether containers run the images that the files name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.unit.deploy.transaction.grounds import a_container, a_model, details
from workers.adapters.docker.container import Container, Details
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.provenance import made_from, named_by, named_otherwise, strays

WEB = a_container("web")
IS_NAMED = named_by(a_model(web={}), "a")


class Looking(Engine):
    """An engine on which every container was made from `web:1`; it remembers which it was asked about."""

    asked: tuple[str, ...] = ()

    def details(self, containers: Iterable[Container]) -> tuple[Details, ...]:
        found = tuple(details(each, made_from="web:1") for each in containers)
        self.asked += tuple(each.container.image for each in found)
        return found


@pytest.mark.parametrize(
    ("service", "image", "expected"),
    [("web", "web:1", True), ("web", "docker.io/library/web:1", True), ("web", "web:2", False), ("db", "x", True)],
)
def test_any_spelling_of_the_name_counts_and_an_unknown_service_is_left_alone(
    service: str, image: str, expected: bool
) -> None:
    assert IS_NAMED(service, image) is expected


def test_the_engine_is_asked_only_where_the_listing_leaves_a_doubt() -> None:
    moved_on, stopped = replace(WEB, image="sha256:1"), replace(WEB, image="web:2", state="exited")
    engine = Looking("unix:///nowhere")
    assert strays(engine, [WEB, moved_on, stopped], IS_NAMED) == {}
    assert engine.asked == ("sha256:1",)
    assert made_from(engine, [WEB, stopped], {"web:1"}) == {"id-web": "web:1"}
    assert engine.asked == ("sha256:1",)


def test_a_container_made_from_another_name_strays() -> None:
    engine = Looking("unix:///nowhere")
    is_named = named_by(a_model(web={"image": "web:2"}), "a")
    assert strays(engine, [WEB], is_named) == {"web": "web:1"}
    assert named_otherwise([WEB], {"id-web": "web:1"}, is_named) == {"web"}
    assert named_otherwise([WEB], {}, is_named) == set()
