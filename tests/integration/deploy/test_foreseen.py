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


PORT = free_port()


def neighbour(house: House) -> dict[str, str | None]:
    """A stack that has a port and a name."""
    more: dict[str, Any] = {"network_mode": "bridge", "ports": [f"127.0.0.1:{PORT}:80"], "stop_signal": "SIGKILL"}
    return {"b/compose.yaml": compose(web=service(container_name=f"t{house.suffix}-taken", **more))}


@pytest.fixture
def calm(lasting: House) -> House:
    """`a` and `b` run and nothing is marked, whatever came before; what is left alone needs no others."""
    state = lasting.services.state
    for name in ("a", "b"):
        lasting.stack(name)
    requests.resume(lasting.services, lasting.services.stacks.find(STACK))
    state.holds.release(STACK)
    state.records.set_status("default/b", removed=None)
    lasting.live("a/conf.ini").unlink(missing_ok=True)
    for each in lasting.engine.containers(lasting.project()):
        if each.state == "paused":
            lasting.docker("unpause", each.id)
    lasting.fetch({**files(1), **neighbour(lasting), "a/conf.ini": None})
    assert lasting.ask()["outcome"] in {"deployed", "unchanged"}
    if not lasting.containers("b"):
        assert lasting.ask("b")["outcome"] == "deployed"
    return lasting


def deployed(house: House, **options: Any) -> None:
    """By `files(1)`, if it is not yet."""
    house.stack(**options)
    assert house.push(files(1))["outcome"] in {"deployed", "unchanged"}


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
    house.fetch(files(2, ports=[f"127.0.0.1:{PORT}:80"], network_mode="bridge"))


def a_taken_name(house: House) -> None:
    house.fetch(files(2, container_name=f"t{house.suffix}-taken"))


def a_missing_network(house: House) -> None:
    deployed(house)
    web = {name: value for name, value in service().items() if name != "network_mode"}
    network = {"external": True, "name": f"t{house.suffix}-nowhere"}
    model = {"services": {"web": {**web, "networks": ["nowhere"]}}, "networks": {"nowhere": network}}
    house.fetch({"a/compose.yaml": yaml_of(model)})


def a_port_of_a_process(house: House) -> None:
    house.stack()
    house.push(files(1, network_mode="none"))  # what has the host's network may be the process itself
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
    web = service(container_name=f"t{house.suffix}-taken", volumes=["data:/data"])
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


# Seen in one of the three tables below, or the same answer of the same function: `make test-releases` tries them, too.
OTHERWISE = pytest.mark.thorough


def name_of(each: object) -> str | None:
    return getattr(each, "__name__", None)


@pytest.mark.parametrize(
    ("situation", "reason", "told"),
    [
        (unchanged, "unchanged", []),
        (changed, "content_changed", []),
        pytest.param(*(invalid, "invalid", ["a/compose.yaml"]), marks=OTHERWISE),
        (refused_by_compose, "invalid", ["nobody"]),
        pytest.param(*(paused, "paused", ["holidays"]), marks=OTHERWISE),
        pytest.param(*(held, "failed_before", ["exit"]), marks=OTHERWISE),
        pytest.param(*(stopped_by_hand, "stopped", ["stopped by hand"]), marks=OTHERWISE),
        (pinned, "pinned", ["rolled back to"]),
        (a_file_in_the_way, "blocked", ["conf.ini"]),
        (a_taken_port, "obstructed", [str(PORT)]),
        pytest.param(*(a_taken_name, "obstructed", ["-taken"]), marks=OTHERWISE),
        pytest.param(*(a_missing_network, "obstructed", ["-nowhere"]), marks=OTHERWISE),
        (a_port_of_a_stack_that_is_gone, "obstructed", ["of default/b, which is gone"]),
        (a_missing_volume_and_a_taken_name, "obstructed", ["-nothing does not exist", "-taken is taken"]),
        (a_network_of_somebody_else, "obstructed", ["-theirs is there that was not made for this stack"]),
        (a_paused_container, "obstructed", ["docker unpause"]),
        (an_external_secret, "invalid", ["only a swarm has"]),
    ],
    ids=name_of,
)
def test_a_plan_says_what_a_pull_then_does(calm: House, situation: Situation, reason: str, told: list[str]) -> None:
    foresees(calm, situation, reason, told)


@pytest.mark.parametrize(
    ("situation", "reason", "told"),
    [
        pytest.param(*(nothing_deployed, "first_deploy", []), marks=OTHERWISE),
        (drifted, "drifted", []),
        (another_project, "options_changed", []),
        (a_port_of_a_process, "obstructed", ["taken by a process of this host"]),
        pytest.param(*(data_left_behind, "moved", ["by-hand"]), marks=OTHERWISE),
        (another_address_of_its_own_port, "content_changed", []),
        (an_unhealthy_dependency, "obstructed", ["web needs db to be healthy"]),
    ],
    ids=name_of,
)
def test_so_it_does_where_other_containers_run(
    house: House, situation: Situation, reason: str, told: list[str]
) -> None:
    foresees(house, situation, reason, told)


def foresees(house: House, situation: Situation, reason: str, told: list[str]) -> None:
    situation(house)
    before = house.lives()
    planned = foreseen(house)
    assert (planned.reason, [each for each in told if each not in planned.message]) == (reason, []), planned
    assert house.lives() == before
    done = house.look()
    assert (planned.action, planned.reason, planned.message) == (done["action"], done["reason"], done["message"])


def test_a_stack_whose_folder_is_gone_is_planned_to_be_removed(house: House) -> None:
    deployed(house, when_removed="stop")
    house.fetch({"a/compose.yaml": None, "README.md": "nothing here"})
    planned, done = foreseen(house), house.look()
    assert (planned.action, planned.reason) == (done["action"], done["reason"]) == ("remove", "removed")


def test_a_pause_is_told_even_where_nothing_is_to_be_done(calm: House) -> None:
    house = calm
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
        pytest.param(changed, Order.DEPLOY, "", deploys, ("up", "content_changed"), marks=OTHERWISE),
        (held, Order.DEPLOY, "", deploys, ("up", "retried")),
        pytest.param(stopped_by_hand, Order.DEPLOY, "", deploys, ("up", "retried"), marks=OTHERWISE),
        (paused, Order.DEPLOY, "", deploys, ("none", "paused")),
        (a_taken_name, Order.DEPLOY, "", deploys, ("up", "obstructed")),
        (unchanged, Order.RECREATE, "", recreates, ("recreate", "forced")),
        (two_versions, Order.ROLLBACK, "main~1", rolls_back, ("up", "rollback")),
    ],
    ids=name_of,
)
def test_what_would_come_of_an_order_is_what_comes_of_it(
    calm: House,
    situation: Situation,
    order: Order,
    detail: str,
    ordered: Callable[[House, str], str],
    expected: tuple[str, str],
) -> None:
    is_foretold(calm, situation, order, detail, ordered, expected)


def test_so_it_does_of_an_adoption(house: House) -> None:
    is_foretold(house, data_left_behind, Order.ADOPT, "copy", adopts, ("up", "first_deploy"))


def is_foretold(
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


def test_what_would_come_of_resuming_is_what_the_next_look_does(calm: House) -> None:
    house = calm
    paused(house)
    stack = house.services.stacks.find(STACK)
    said = foretold(house.services, stack, Order.RESUME, "").decision
    requests.resume(house.services, stack)
    done = house.look()
    assert (said.action, said.reason) == (done["action"], done["reason"]) == ("up", "content_changed")
