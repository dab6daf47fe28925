"""Services that were not well before, and stacks that share something: a deployment is not about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service, yaml_of
from tests.worker_rig import eventually
from workers.deploy.containers.networks import drop_network
from workers.model.errors import BlockedStack

pytestmark = pytest.mark.docker


def files(web: str, text: str = "1") -> dict[str, str | None]:
    """`web` beside a `db` that is healthy for as long as it has its file."""
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "300ms", "timeout": "1s", "retries": 2}
    db = service("touch /ok; sleep 2000", healthcheck=check)
    return {"a/compose.yaml": compose(web=service(web, volumes=["./conf:/conf"]), db=db), "a/conf/app.ini": text}


def test_a_neighbour_that_is_not_well_fails_nobody(house: House) -> None:
    house.stack(drift="report")
    assert house.push(files("sleep 1000"))["outcome"] == "deployed"
    db = house.containers()["db"].container.id
    house.docker("exec", db, "rm", "/ok")
    eventually(lambda: house.containers()["db"].health == "unhealthy", "db is unhealthy")
    before = house.lives()

    assert house.push(files("sleep 1001"))["outcome"] == "deployed"
    done = house.push(files("sleep 1001", "2"))
    assert (done["outcome"], done["action"]) == ("deployed", "restart"), done["message"]
    done = house.push(files("exit 3", "2"))
    assert (done["outcome"], "db: " in done["message"]) == ("rolled_back", False), done["message"]

    house.docker("stop", db)
    done = house.push(files("sleep 1002", "2"))
    assert done["outcome"] == "deployed", done["message"]
    assert house.command("web") == "sleep 1002"
    assert house.lives()["db"] == before["db"]
    assert house.containers()["db"].state == "exited"


def on_network(icc: str, command: str = "sleep 1000", **more: object) -> dict[str, str | None]:
    """`web` on a network, and `side` without one."""
    web = {**service(command, **more), "networks": ["n"]}
    del web["network_mode"]
    network = {"driver_opts": {"com.docker.network.bridge.enable_icc": icc}}
    model = {"services": {"web": web, "side": service("sleep 2000")}, "networks": {"n": network}}
    return {"a/compose.yaml": yaml_of(model)}


def network_of(house: House) -> Mapping[str, Any]:
    found: Mapping[str, Any] = house.engine.client.inspect_network(f"{house.project()}_n")
    return found


def test_a_network_that_another_stack_uses_is_not_taken_from_it(house: House) -> None:
    house.stack()
    house.push(on_network("true"))
    before, network = house.lives(), network_of(house)["Id"]
    name = f"{house.project()}_n"
    guest = f"{house.project('guest')}-1"
    label = f"com.docker.compose.project={house.project('guest')}"
    house.docker(
        "run", "-d", "--init", "--name", guest, "--label", label, "--network", name, "busybox:stable", "sleep", "1000"
    )

    done = house.push(on_network("false"))
    assert (done["outcome"], done["reason"]) == ("blocked", "blocked"), done["message"]
    assert guest in done["message"]
    assert f"docker network disconnect {name}" in done["message"]
    assert house.lives() == before
    assert set(network_of(house)["Containers"]) == {before["web"][0], house.docker("inspect", "-f", "{{.Id}}", guest)}
    with pytest.raises(BlockedStack, match=guest):
        drop_network(house.engine, house.project(), "n", {network})
    assert before["web"][0] in network_of(house)["Containers"]

    house.docker("rm", "-f", guest)
    assert house.look()["outcome"] == "deployed"
    assert network_of(house)["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    assert house.lives()["side"] == before["side"]


def test_a_network_is_as_it_was_after_the_way_back(house: House) -> None:
    house.stack()
    house.push(on_network("true"))
    before, network = house.lives(), network_of(house)["Id"]
    done = house.push(on_network("false", "exit 3"))
    assert done["outcome"] == "rolled_back", done["message"]
    assert "going back failed" not in done["message"]
    assert network_of(house)["Options"]["com.docker.network.bridge.enable_icc"] == "true"
    assert network_of(house)["Id"] != network
    assert set(network_of(house)["Containers"]) == {house.lives()["web"][0]}
    assert house.lives()["side"] == before["side"]

    house.stack(hooks={"pre_deploy": [["false"]]})
    before, network = house.lives(), network_of(house)["Id"]
    assert house.push(on_network("false"))["outcome"] == "rolled_back"
    assert (house.lives(), network_of(house)["Id"]) == (before, network)


def test_an_external_network_that_is_lacking_is_waited_for(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"))})
    before = house.lives()
    name = f"{house.project('shared')}_n"
    web = {**service("sleep 1000"), "networks": ["n"], "volumes": ["store:/store"]}
    del web["network_mode"]
    external = {"external": True, "name": name}
    model = {"services": {"web": web}, "networks": {"n": external}, "volumes": {"store": external}}

    for kind in ("network", "volume"):
        done = house.push({"a/compose.yaml": yaml_of(model)})
        assert done["outcome"] == "failed", done["message"]
        assert f"docker {kind} create {name}" in done["message"]
        assert house.lives() == before
        hold = house.services.state.holds.get("default/a")
        assert hold is not None
        assert hold.retry_at
        house.docker(kind, "create", name)
        house.services.state.holds.release("default/a")
    assert house.look()["outcome"] == "deployed"
