"""Files in a stack's directory that somebody else has a hand in, too: containers, people, an earlier commit."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, compose, service

pytestmark = pytest.mark.docker

MOUNTING = service(volumes=["./app.ini:/app.ini", "./conf:/conf"])


def mounting(command: str = "sleep 1000", **more: str | None) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web={**MOUNTING, "command": ["sh", "-c", command]}), "a/conf/x": "x", **more}


def test_a_mounted_file_that_git_drops_stays_and_is_git_s_again_when_it_comes_back(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    assert house.push({"a/app.ini": None})["outcome"] == "deployed"
    assert house.seen("web", "/app.ini") == "1"
    assert house.push(mounting("sleep 1001"))["outcome"] == "deployed"  # the next one knows of it, too
    done = house.push({"a/app.ini": "2"})
    assert done["outcome"] == "deployed", done
    assert house.seen("web", "/app.ini") == "2"


def test_a_file_that_git_has_dropped_goes_once_nothing_mounts_it(house: House) -> None:
    house.stack()
    house.push(mounting() | {"a/app.ini": "1"})
    house.push({"a/app.ini": None})
    assert house.push({"a/compose.yaml": compose(web=service())})["outcome"] == "deployed"
    assert not house.live("a/app.ini").exists()
