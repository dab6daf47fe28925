"""What one stack gives up in a push and another one takes: whoever has it goes first, in the same run."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service, yaml_of
from workers.reconcile.making_way import makers_of_way

pytestmark = pytest.mark.docker


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def publishing(port: int | None, command: str = "sleep 1000") -> str:
    ports = [f"127.0.0.1:{port}:80"] if port else []
    return compose(web=service(command, network_mode="bridge", ports=ports))


def outcomes(run: dict[str, Any]) -> dict[str, str]:
    return {stack.removeprefix("default/"): each["outcome"] for stack, each in run["stacks"].items()}


def started(house: House, name: str) -> str:
    return house.containers(name)["web"].started_at


def test_a_stack_whose_folder_is_another_gets_the_port_of_the_one_that_is_taken_down(house: House) -> None:
    house.discover(when_removed="down")
    port = free_port()
    house.pull({"a/compose.yaml": publishing(port)})
    run = house.pull({"a/compose.yaml": None, "aa/compose.yaml": publishing(port, "sleep 2000")})
    assert outcomes(run) == {"a": "removed", "aa": "deployed"}
    assert house.containers("a") == {}
    assert house.containers("aa")["web"].state == "running"


def test_what_has_nothing_to_lose_and_is_to_be_taken_down_makes_room_for_its_new_name(house: House) -> None:
    """A folder that is renamed and nothing else; with a volume it would go on as it is."""
    house.discover(when_removed="down")
    port = free_port()
    kept = {"services": {"web": service(volumes=["data:/data"])}, "volumes": {"data": {}}}
    house.pull({"a/compose.yaml": publishing(port), "b/compose.yaml": yaml_of(kept)})
    before = house.lives("b")
    house.source.git("mv", "a", "aa")
    house.source.git("mv", "b", "bb")
    run = house.pull({})
    assert outcomes(run) == {"a": "removed", "aa": "deployed", "bb": "deployed"}
    assert house.containers("a") == {}
    assert house.containers("aa")["web"].state == "running"
    assert (run["stacks"]["default/bb"]["reason"], house.lives("b")) == ("renamed", before)


def test_a_port_moves_from_one_stack_to_another_in_one_push_whatever_they_are_called(house: House) -> None:
    house.discover()
    port, other = free_port(), free_port()
    house.pull(
        {"a/compose.yaml": publishing(None), "b/compose.yaml": publishing(port), "c/compose.yaml": publishing(other)}
    )
    run = house.pull({"a/compose.yaml": publishing(port), "b/compose.yaml": publishing(None)})
    assert outcomes(run) == {"a": "deployed", "b": "deployed", "c": "unchanged"}
    assert started(house, "b") < started(house, "a")

    # Whoever fails to give it up has it still: the other one is told of that, not that it comes after somebody.
    run = house.pull({"a/compose.yaml": publishing(None, "exit 3"), "b/compose.yaml": publishing(port)})
    assert outcomes(run)["a"] == "rolled_back"
    assert outcomes(run)["b"] == "failed"
    assert f":{port}/tcp is taken" in run["stacks"]["default/b"]["message"]


def test_nothing_is_read_where_there_is_nobody_to_give_or_to_take(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.discover()
    port = free_port()
    monkeypatch.setattr("workers.reconcile.making_way.claims", lambda *_: pytest.fail("read"))
    house.pull({"a/compose.yaml": publishing(port), "b/compose.yaml": publishing(None), "b/x": "1"})
    house.pull({"a/compose.yaml": publishing(port, "sleep 2000"), "b/x": "2"})
    house.pull({"c/compose.yaml": publishing(None)})
    assert makers_of_way(house.services, (), ()) == {}
