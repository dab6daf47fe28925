"""`tegu plan` says what the next look at a stack then does, in the same words: both come from the same functions."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service, yaml_of
from workers.adapters.docker.releases import numbers
from workers.adapters.state.marks import Removed
from workers.answers.order import foretold
from workers.commands.demo import free_port
from workers.commands.plan import plan
from workers.model.question import Order
from workers.model.words import Decision, Trigger
from workers.reconcile import requests

pytestmark = pytest.mark.docker

STACK = "default/a"
Situation = Callable[[House], None]


def files(number: int = 1, **more: Any) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web=service(f"sleep {1000 + number}", **more))}


def deployed(house: House, **options: Any) -> None:
    house.stack(**options)
    assert house.push(files(1))["outcome"] == "deployed"


def nothing_deployed(house: House) -> None:
    house.stack()
    house.fetch(files(1))


def unchanged(house: House) -> None:
    deployed(house)


def changed(house: House) -> None:
    deployed(house)
    house.fetch(files(2))


def invalid(house: House) -> None:
    deployed(house)
    house.fetch({"a/compose.yaml": "services: {web: {image: [}"})


def refused_by_compose(house: House) -> None:
    deployed(house)
    house.fetch(files(2, depends_on=["nobody"]))


def paused(house: House) -> None:
    changed(house)
    house.services.state.pauses.pause(STACK, "me", "holidays")


def paused_and_unchanged(house: House) -> None:
    deployed(house)
    house.services.state.pauses.pause(STACK, "me", "holidays")


def held(house: House) -> None:
    deployed(house)
    assert house.push({"a/compose.yaml": compose(web=service("exit 3"))})["outcome"] == "rolled_back"


def stopped_by_hand(house: House) -> None:
    deployed(house)
    house.docker("stop", house.containers()["web"].container.id)
    house.fetch(files(2))


def drifted(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1001"), db=service())})
    house.docker("rm", "-f", house.containers()["web"].container.id)
    assert house.drift() == {"web": "missing"}


def pinned(house: House) -> None:
    deployed(house)
    house.push(files(2))
    run = requests.request_rollback(house.services, "a", who="me", trigger=Trigger.CLI)
    house.carry_out(run)


def another_project(house: House) -> None:
    deployed(house)
    house.stack(project=house.project("b"))


def data_left_behind(house: House) -> None:
    elsewhere = house.folder / "by-hand"
    (elsewhere / "data").mkdir(parents=True)
    (elsewhere / "data/kept").write_text("1")
    (elsewhere / "compose.yaml").write_text(compose(web=service("sleep 1001", volumes=["./data:/data"])))
    house.docker("compose", "-p", house.project(), "--project-directory", str(elsewhere), "up", "-d")
    house.stack()
    house.fetch(files(1, volumes=["./data:/data"]))


def a_file_in_the_way(house: House) -> None:
    deployed(house)
    there: Path = house.live("a/conf.ini")
    there.write_text("of this host")
    house.fetch({**files(2, volumes=["./conf.ini:/conf.ini:ro"]), "a/conf.ini": "of Git"})


def a_taken_port(house: House) -> None:
    deployed(house)
    house.stack("b")
    wants: dict[str, Any] = {"ports": ["127.0.0.1:18923:80"], "network_mode": "bridge"}
    assert house.push({"b/compose.yaml": compose(web=service(**wants))}, name="b")["outcome"] == "deployed"
    house.fetch(files(2, **wants))


def a_taken_name(house: House) -> None:
    deployed(house)
    house.stack("b")
    name = f"t{house.suffix}-taken"
    assert house.push({"b/compose.yaml": compose(web=service(container_name=name))}, name="b")["outcome"] == "deployed"
    house.fetch(files(2, container_name=name))


def a_missing_network(house: House) -> None:
    deployed(house)
    web = {name: value for name, value in service().items() if name != "network_mode"}
    network = {"external": True, "name": f"t{house.suffix}-nowhere"}
    model = {"services": {"web": {**web, "networks": ["nowhere"]}}, "networks": {"nowhere": network}}
    house.fetch({"a/compose.yaml": yaml_of(model)})


def a_port_of_a_process(house: House) -> None:
    house.stack()
    house.push(files(1, network_mode="none"))
    server = socket.create_server(("127.0.0.1", 0))
    house.keep(server)
    house.fetch(files(2, ports=[f"127.0.0.1:{server.getsockname()[1]}:80"], network_mode="bridge"))


def another_address_of_its_own_port(house: House) -> None:
    house.stack()
    port = free_port()
    house.push(files(1, network_mode="bridge", ports=[f"127.0.0.1:{port}:80"]))
    house.fetch(files(1, network_mode="bridge", ports=[f"{port}:80"]))


def a_port_of_a_stack_that_is_gone(house: House) -> None:
    a_taken_port(house)
    house.forget("b")
    house.services.state.records.set_status("default/b", removed=Removed("gone", "keep", "keep"))


def a_missing_volume_and_a_taken_name(house: House) -> None:
    deployed(house)
    name = f"t{house.suffix}-taken"
    house.docker("create", "--name", name, "--label", f"com.docker.compose.project=t{house.suffix}-x", "busybox:stable")
    web = service(container_name=name, volumes=["data:/data"])
    volume = {"external": True, "name": f"t{house.suffix}-nothing"}
    house.fetch({"a/compose.yaml": yaml_of({"services": {"web": web}, "volumes": {"data": volume}})})


def a_network_of_somebody_else(house: House) -> None:
    if numbers(house.services.compose.version()) >= (5,):
        pytest.skip("this release of Compose takes any network of that name")
    deployed(house)
    name = f"t{house.suffix}-theirs"
    house.docker("network", "create", name)
    web = {key: value for key, value in service().items() if key != "network_mode"} | {"networks": ["n"]}
    house.fetch({"a/compose.yaml": yaml_of({"services": {"web": web}, "networks": {"n": {"name": name}}})})


def a_paused_container(house: House) -> None:
    deployed(house)
    house.docker("pause", house.containers()["web"].container.id)
    house.fetch(files(2))


def an_unhealthy_dependency(house: House) -> None:
    house.stack()
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "200ms", "retries": 1}
    db = service("touch /ok; sleep 1000", healthcheck=check)
    web = service(depends_on={"db": {"condition": "service_healthy"}})
    assert house.push({"a/compose.yaml": compose(web=web, db=db)})["outcome"] == "deployed"
    house.docker("exec", house.containers()["db"].container.id, "rm", "/ok")
    house.until(lambda: house.containers()["db"].health == "unhealthy")
    house.fetch({"a/compose.yaml": compose(web=web | {"command": ["sleep", "1001"]}, db=db)})


def an_external_secret(house: House) -> None:
    deployed(house)
    model = {"services": {"web": service("sleep 1002", secrets=["s"])}, "secrets": {"s": {"external": True}}}
    house.fetch({"a/compose.yaml": yaml_of(model)})


def foreseen(house: House) -> Decision:
    (found,) = (each for each in plan(house.services, fetch=False, surveys=True) if each.stack == STACK)
    return found


@pytest.mark.parametrize(
    ("situation", "reason", "told"),
    [
        (nothing_deployed, "first_deploy", ""),
        (unchanged, "unchanged", ""),
        (changed, "content_changed", ""),
        (invalid, "invalid", "a/compose.yaml"),
        (refused_by_compose, "invalid", "nobody"),
        (paused, "paused", "holidays"),
        (held, "failed_before", "exit"),
        (stopped_by_hand, "stopped", "stopped by hand"),
        (drifted, "drifted", ""),
        (pinned, "pinned", "rolled back to"),
        (another_project, "options_changed", ""),
        (data_left_behind, "moved", "by-hand"),
        (a_file_in_the_way, "blocked", "conf.ini"),
        (a_taken_port, "obstructed", "18923"),
        (a_taken_name, "obstructed", "-taken"),
        (a_missing_network, "obstructed", "-nowhere"),
        (a_port_of_a_process, "obstructed", "taken by a process of this host"),
        (another_address_of_its_own_port, "content_changed", ""),
        (a_port_of_a_stack_that_is_gone, "obstructed", "of default/b, which is gone"),
        (a_missing_volume_and_a_taken_name, "obstructed", "-nothing does not exist"),
        (a_missing_volume_and_a_taken_name, "obstructed", "-taken is taken"),
        (a_network_of_somebody_else, "obstructed", "-theirs is there that was not made for this stack"),
        (a_paused_container, "obstructed", "docker unpause"),
        (an_unhealthy_dependency, "obstructed", "web needs db to be healthy"),
        (an_external_secret, "invalid", "only a swarm has"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_a_plan_says_what_a_pull_then_does(house: House, situation: Situation, reason: str, told: str) -> None:
    situation(house)
    before = house.lives()
    planned = foreseen(house)
    assert (planned.reason, told in planned.message) == (reason, True), planned
    assert house.lives() == before
    done = house.look()
    assert (planned.action, planned.reason, planned.message) == (done["action"], done["reason"], done["message"])


def test_a_stack_whose_folder_is_gone_is_planned_to_be_removed(house: House) -> None:
    deployed(house, when_removed="stop")
    house.fetch({"a/compose.yaml": None, "README.md": "nothing here"})
    planned, done = foreseen(house), house.look()
    assert (planned.action, planned.reason) == (done["action"], done["reason"]) == ("remove", "removed")


def test_a_pause_is_told_even_where_nothing_is_to_be_done(house: House) -> None:
    paused_and_unchanged(house)
    planned = foreseen(house)
    assert (planned.reason, planned.message) == ("paused", "paused: holidays")
    assert house.look()["outcome"] == "unchanged"


# ---------------------------------------------------------------- what somebody orders


def deploys(house: House, detail: str) -> str:
    del detail
    return requests.request_deploy(house.services, [STACK], trigger=Trigger.PAGE)


def recreates(house: House, detail: str) -> str:
    del detail
    return requests.request_deploy(house.services, [STACK], force=True, trigger=Trigger.PAGE)


def rolls_back(house: House, detail: str) -> str:
    return requests.request_rollback(house.services, STACK, to=detail, who="me", trigger=Trigger.PAGE)


def adopts(house: House, detail: str) -> str:
    assert detail in {"move", "copy", "leave"}
    data: Any = detail
    return requests.request_adoption(house.services, STACK, data=data, who="me", trigger=Trigger.PAGE)


def two_versions(house: House) -> None:
    deployed(house)
    assert house.push(files(2))["outcome"] == "deployed"


@pytest.mark.parametrize(
    ("situation", "order", "detail", "ordered", "expected"),
    [
        (changed, Order.DEPLOY, "", deploys, ("up", "content_changed")),
        (held, Order.DEPLOY, "", deploys, ("up", "retried")),
        (stopped_by_hand, Order.DEPLOY, "", deploys, ("up", "retried")),
        (paused, Order.DEPLOY, "", deploys, ("none", "paused")),
        (a_taken_name, Order.DEPLOY, "", deploys, ("up", "obstructed")),
        (unchanged, Order.RECREATE, "", recreates, ("recreate", "forced")),
        (two_versions, Order.ROLLBACK, "main~1", rolls_back, ("up", "rollback")),
        (data_left_behind, Order.ADOPT, "copy", adopts, ("up", "first_deploy")),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_what_would_come_of_an_order_is_what_comes_of_it(
    house: House,
    situation: Situation,
    order: Order,
    detail: str,
    ordered: Callable[[House, str], str],
    expected: tuple[str, str],
) -> None:
    situation(house)
    before = house.lives()
    said = foretold(house.services, house.services.stacks.find(STACK), order, detail).decision
    assert house.lives() == before
    assert (said.action, said.reason) == expected
    done = house.carry_out(ordered(house, detail))
    assert (said.action, said.reason) == (done["action"], done["reason"])
    assert said.message in {"", done["message"]}  # how it ends nobody foresees, only what keeps it from beginning


def test_what_would_come_of_resuming_is_what_the_next_look_does(house: House) -> None:
    paused(house)
    stack = house.services.stacks.find(STACK)
    said = foretold(house.services, stack, Order.RESUME, "").decision
    requests.resume(house.services, stack)
    done = house.look()
    assert (said.action, said.reason) == (done["action"], done["reason"]) == ("up", "content_changed")
