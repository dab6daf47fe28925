"""Compose 5: `pre_start` hooks have images and containers of their own, and volumes may be images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.deploy.house import House, compose, service

pytestmark = pytest.mark.docker

NOWHERE = "127.0.0.1:1/none:1"


@pytest.fixture
def tool(house: House, newest: None) -> Iterator[str]:  # noqa: ARG001
    """An image that no service has."""
    name = f"tool-{house.suffix}:1"
    house.docker("tag", "busybox:stable", name)
    yield name
    house.docker("rmi", "-f", name)


def hooked(image: str, *command: str) -> str:
    return compose(web=service(pre_start=[{"image": image, "command": list(command)}]))


def leftovers(house: House) -> list[str]:
    found = house.engine.containers(house.project(), one_off=True)
    return [each.name for each in found if each.is_hook]


def test_the_image_of_a_hook_that_is_not_there_fails_before_anything_is_touched(house: House, tool: str) -> None:
    house.stack()
    house.push({"a/compose.yaml": hooked(tool, "true")})
    before = house.lives()
    done = house.push({"a/compose.yaml": hooked(NOWHERE, "true")})
    assert (done["outcome"], NOWHERE in done["message"]) == ("failed", True), done["message"]
    assert "docker compose pull" in done["message"]
    assert house.lives() == before


# That nothing may be pulled is told of any image alike (`test_scenarios.py`).
@pytest.mark.parametrize("policy", ["missing", pytest.param("never", marks=pytest.mark.thorough)])
def test_the_image_of_a_volume_that_is_not_there_fails_before_anything_is_touched(
    house: House, tool: str, policy: str
) -> None:
    house.stack(pull_images=policy)
    house.push({"a/compose.yaml": hooked(tool, "true")})
    before = house.lives()
    mount = {"type": "image", "source": NOWHERE, "target": "/t"}
    done = house.push({"a/compose.yaml": compose(web=service(volumes=[mount]))})
    assert (done["outcome"], NOWHERE in done["message"]) == ("failed", True), done["message"]
    assert house.lives() == before


def test_a_hook_that_fails_is_told_of_and_the_old_version_runs_again(house: House, tool: str) -> None:
    house.stack()
    house.push({"a/compose.yaml": hooked(tool, "true")})
    before = house.lives()
    done = house.push({"a/compose.yaml": hooked(tool, "sh", "-c", "echo no such table; exit 3")})
    assert done["outcome"] == "rolled_back"
    assert "no such table" in done["message"]
    assert set(house.lives()) == set(before)
    assert leftovers(house) == []
    assert house.drift() == {}
    again = house.look()
    assert (again["outcome"], again["reason"]) == ("skipped", "failed_before"), again


def test_what_a_failed_hook_has_left_is_no_container_of_its_service_and_goes_with_the_next_attempt(
    house: House, tool: str
) -> None:
    house.stack()
    first = house.push({"a/compose.yaml": hooked(tool, "false")})
    assert first["outcome"] == "failed"
    (name,) = leftovers(house)
    assert name not in {each.container.name for each in house.containers().values()}
    done = house.push({"a/compose.yaml": compose(web=service())})
    assert done["outcome"] == "deployed", done["message"]
    assert leftovers(house) == []


def test_a_hook_whose_image_is_built_here_runs_again_when_that_changes(house: House, newest: None) -> None:  # noqa: ARG001
    house.stack()
    image = f"made-{house.suffix}:1"
    hook = {"image": image, "command": ["cp", "/text", "/data/text"]}
    maker = {**service(), "image": image, "build": "./made"}
    services = compose(web=service(pre_start=[hook], volumes=["data:/data"]), maker=maker)
    model = services.removesuffix("}") + ', "volumes": {"data": {}}}'
    made = {"a/made/Dockerfile": "FROM busybox:stable\nCOPY text /text\n", "a/made/text": "one"}
    done = house.push({"a/compose.yaml": model, **made})
    assert (done["outcome"], house.seen("web", "/data/text")) == ("deployed", "one"), done["message"]
    done = house.push({"a/made/text": "two"})
    assert (done["outcome"], house.seen("web", "/data/text")) == ("deployed", "two"), done["message"]
    house.docker("rmi", "-f", image)


def test_a_schedule_that_this_compose_cannot_keep_fails_before_anything_is_touched(house: House, tool: str) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service())})
    before = house.lives()
    services = compose(web=service("sleep 1001"))
    job = ', "jobs": {"j": {"image": "%s", "triggers": {"schedule": ["0 * * * *"]}}}}' % tool  # noqa: UP031
    done = house.push({"a/compose.yaml": services.removesuffix("}") + job})
    assert (done["outcome"], "scheduled jobs" in done["message"]) == ("failed", True), done["message"]
    assert house.lives() == before
