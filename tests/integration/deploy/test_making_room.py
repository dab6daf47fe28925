"""Services that are to go make room for the new ones, and are back when these fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from workers.commands.demo import free_port

pytestmark = pytest.mark.docker

PORT = free_port()
KEEPING = service("test -e /keep/it || date > /keep/it; sleep 2000", volumes=["/keep"], stop_signal="SIGKILL")


def names(house: House) -> set[str]:
    return {each.name for each in house.engine.containers(house.project())}


def test_a_removed_service_is_back_with_its_data_when_the_new_version_fails(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"), db=KEEPING)})
    before, all_names = house.containers(), names(house)

    done = house.push({"a/compose.yaml": compose(web=service("exit 3"))})
    assert done["outcome"] == "rolled_back", done["message"]
    db = house.containers()["db"]
    assert (db.container.id, db.volumes) == (before["db"].container.id, before["db"].volumes)
    assert (db.state, names(house)) == ("running", all_names)
    assert house.drift() == {}

    done = house.push({"a/compose.yaml": compose(web=service("sleep 1001"))})
    assert done["outcome"] == "deployed", done["message"]
    assert set(house.containers()) == {"web"}


def swapped(house: House, profile: str, second: str = "sleep 1000") -> dict[str, str | None]:
    """Two services of which one runs: they share a name and a port."""
    more: dict[str, Any] = {
        "container_name": house.project("app"),
        "network_mode": "bridge",
        "ports": [f"127.0.0.1:{PORT}:80"],
        "stop_signal": "SIGKILL",
    }
    one, two = service("sleep 1000", profiles=["one"], **more), service(second, profiles=["two"], **more)
    return {"a/compose.yaml": compose(one=one, two=two), "a/.env": f"COMPOSE_PROFILES={profile}"}


def test_services_that_share_a_port_and_a_name_are_swapped(house: House) -> None:
    house.stack()
    house.push(swapped(house, "one"))
    before = house.containers()["one"]
    done = house.push(swapped(house, "two", "exit 3"))
    assert done["outcome"] == "rolled_back", done["message"]
    assert house.containers()["one"].container.id == before.container.id
    assert house.containers()["one"].published == (PORT,)
    assert names(house) == {house.project("app")}

    labels = {"project": house.project(), "service": "stray", "oneoff": "False", "config-hash": "0"}
    options = [text for key, value in labels.items() for text in ("--label", f"com.docker.compose.{key}={value}")]
    house.docker("run", "-d", "--stop-signal", "SIGKILL", *options, "busybox:stable", "sleep", "1000")
    done = house.push(swapped(house, "two"))
    assert done["outcome"] == "deployed", done["message"]
    assert {name: each.published for name, each in house.containers().items()} == {"two": (PORT,)}
    assert names(house) == {house.project("app")}


def test_what_left_the_model_stays_where_orphans_may(house: House) -> None:
    house.stack(remove_orphans=False)
    optional = service("sleep 3000", profiles=["p"])
    files = compose(web=service("sleep 1000"), db=service("sleep 2000"), off=optional)
    house.push({"a/compose.yaml": files, "a/.env": "COMPOSE_PROFILES=p"})
    before = house.lives()
    done = house.push(
        {"a/compose.yaml": compose(web=service("sleep 1001"), off=optional), "a/.env": "COMPOSE_PROFILES="}
    )
    assert done["outcome"] == "deployed", done["message"]
    assert set(house.containers()) == {"web", "db"}
    assert house.lives()["db"] == before["db"]
    assert house.look()["outcome"] == "unchanged"
