"""Images that a stack has used and uses no more."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, compose, service

pytestmark = pytest.mark.docker


def image(house: House, number: int) -> str:
    name = f"{house.project()}-image:{number}"
    if house.engine.image_id(name) is None:
        made = house.docker("create", "busybox:stable", str(number))
        house.docker("commit", "-c", f"LABEL number={number}", made, name)
        house.docker("rm", made)
    return name


def using(house: House, number: int, folder: str = "a") -> dict[str, str | None]:
    return {f"{folder}/compose.yaml": compose(web={**service(), "image": image(house, number)})}


@pytest.mark.parametrize("prune", [True, False])
def test_the_former_image_is_removed_where_that_is_wanted(house: House, prune: bool) -> None:
    house.stack(prune_images=prune)
    house.push(using(house, 1))
    done = house.push(using(house, 2))
    assert done["outcome"] == "deployed", done
    assert (house.engine.image_id(image_name(house, 1)) is None) == prune
    assert house.engine.image_id(image_name(house, 2)) is not None
    if prune:
        assert f"image {image_name(house, 1)} is not used any more" in house.log(str(done["deployment"]))


@pytest.mark.thorough  # as what any container uses, below
def test_what_another_stack_uses_stays(house: House) -> None:
    house.stack(prune_images=True)
    house.stack("b")
    house.push(using(house, 1))
    house.push(using(house, 1, "b"), name="b")
    house.docker("stop", "-t", "0", *(identifier for identifier, _ in house.lives("b").values()))
    house.push(using(house, 2))
    assert house.engine.image_id(image_name(house, 1)) is not None


def test_what_any_container_uses_stays(house: House) -> None:
    house.stack(prune_images=True)
    house.push(using(house, 1))
    other = house.docker("create", image_name(house, 1), "true")
    try:
        house.push(using(house, 2))
        assert house.engine.image_id(image_name(house, 1)) is not None
    finally:
        house.docker("rm", other)


def test_what_a_build_has_replaced_goes_although_it_has_no_name_any_more(house: House) -> None:
    house.stack(prune_images=True)
    built = {**service(), "build": "ctx"}
    del built["image"]
    docker = {"a/ctx/Dockerfile": "FROM busybox:stable\nCOPY text /text\n"}
    house.push({"a/compose.yaml": compose(web=built), "a/ctx/text": "1", **docker})
    former = house.containers()["web"].container.image_id
    done = house.push({"a/ctx/text": "2"})
    assert done["outcome"] == "deployed", done
    assert house.engine.image_id(former) is None
    assert house.engine.image_id("busybox:stable") is not None


def test_what_an_attempt_that_failed_would_have_replaced_stays(house: House) -> None:
    house.stack(prune_images=True)
    house.push(using(house, 1))
    web = {**service("exit 3"), "image": image(house, 2)}
    assert house.push({"a/compose.yaml": compose(web=web)})["outcome"] == "rolled_back"
    assert house.engine.image_id(image_name(house, 1)) is not None


def image_name(house: House, number: int) -> str:
    return f"{house.project()}-image:{number}"
