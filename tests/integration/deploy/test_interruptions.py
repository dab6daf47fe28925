"""A deployment that is killed at any of its steps leaves a stack that the next look puts right."""

from __future__ import annotations

import gc
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, in_a_child, service, yaml_of
from workers.deploy.transaction.steps import Step
from workers.model.errors import EngineUnavailable
from workers.model.words import Trigger

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

QUICK: dict[str, Any] = {"health": {"timeout": "20s", "settle": "1s"}}
SIDE = service("sleep 2000", volumes=["./conf:/conf:ro"])
BEFORE: dict[str, str | None] = {
    "a/compose.yaml": compose(web=service("sleep 1000"), side=SIDE, idle=service("sleep 3000")),
    "a/conf/app.ini": "1",
    "a/conf/gone": "1",
}
AFTER: dict[str, str | None] = {
    "a/compose.yaml": compose(web=service("sleep 1001"), side=SIDE, idle=service("sleep 3000")),
    "a/conf/app.ini": "2",
    "a/conf/new.ini": "1",
}


def shared(files: dict[str, str | None], icc: str, holder: str, name: str) -> dict[str, str | None]:
    """The same with a `guest`, for which nothing changes but its network, and a service that holds a name.

    Each attempt makes these two anew, and that is enough: `web`, which is changed itself, is left out.
    """
    model = json.loads(files["a/compose.yaml"] or "")
    del model["services"]["web"]
    model["services"][holder] = service("sleep 5000", container_name=name)
    guest = service("sleep 4000", networks=["n"])
    del guest["network_mode"]
    model["services"]["guest"] = guest
    model["networks"] = {"n": {"driver_opts": {"com.docker.network.bridge.enable_icc": icc}}}
    return {**files, "a/compose.yaml": yaml_of(model)}


def with_old(files: dict[str, str | None]) -> dict[str, str | None]:
    """The same with a service that other versions lack."""
    model = json.loads(files["a/compose.yaml"] or "")
    model["services"]["old"] = service("sleep 6000")
    return {**files, "a/compose.yaml": yaml_of(model)}


def assert_is_back(house: House, old: tuple[str, str]) -> None:
    """The container that made room has its name again, and runs."""
    found = house.containers()["old"]
    assert (found.container.id, found.container.name) == (old[0], f"{house.project()}-old-1")
    assert found.state == "running"


def kill_at(house: House, count: int) -> None:
    """Kill this process, which is another one, when its n-th step begins."""
    seen = 0

    def observer(_step: Step) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            os.kill(os.getpid(), signal.SIGKILL)

    house.services = house.fresh_services(at_step=observer)


def interrupted_push(house: House, count: int) -> bool:
    """Look in a child that is killed at its n-th step; whether it came that far."""

    def act() -> None:
        kill_at(house, count)
        house.look()

    return in_a_child(act)


def commands(house: House) -> dict[str, str]:
    return {
        name: house.engine.client.inspect_container(each.container.id)["Config"]["Cmd"][-1]
        for name, each in house.containers().items()
    }


def test_killed_at_any_step_the_next_look_leaves_the_stack_right(house: House) -> None:
    name, holders = house.project("held"), ("one", "two")
    versions = (
        shared({**BEFORE, "a/conf/new.ini": None}, "true", holders[0], name),
        shared({**AFTER, "a/conf/gone": None}, "false", holders[1], name),
    )
    house.stack(health={"timeout": "20s", "settle": "0s"})
    house.push(versions[0])
    count, turn, killed = 0, 0, True
    while killed:
        count += 1
        version = versions[1 - turn]
        before = house.lives()
        house.fetch({**version, "a/count": str(count)})
        killed = interrupted_push(house, count)
        at_kill = house.lives()
        if killed and at_kill == before and house.services.state.journal.load("default/a").intent is None:
            continue  # nothing has begun, so the same push may be killed at the next step
        turn = 1 - turn
        done = house.look()
        after = house.lives()

        told = f"killed at step {count}: {done}"
        assert done["outcome"] in {"deployed", "unchanged"}, told
        assert after["idle"] == before["idle"], told
        assert after["guest"][0] != before["guest"][0], told
        assert after["side"][0] == before["side"][0], told
        assert after["side"][1] != before["side"][1], told
        goes, comes = holders[1 - turn], holders[turn]
        assert goes not in after, told
        assert house.containers()[comes].container.name == name, told
        assert at_kill.get(goes) in {before[goes], None}, told
        assert at_kill.get(comes) in {after[comes], None}, told
        for each in ("side", "guest"):
            assert at_kill[each] in {before[each], after[each]}, f"{each} was touched twice, {told}"
        assert house.seen("side", "/conf/app.ini") == version["a/conf/app.ini"]
        for path in ("a/conf/new.ini", "a/conf/gone"):
            assert house.live(path).exists() == (version[path] is not None), told
        assert not list((house.folder / "data/state/default").glob("*.undo"))
        assert house.look()["outcome"] == "unchanged", told
    assert count > len(set(Step) - {Step.BRING, Step.CARRY, Step.VOLUMES, Step.READY})


def test_killed_while_it_goes_back_the_next_look_goes_back(house: House) -> None:
    house.stack(**QUICK)
    house.push(with_old(BEFORE))
    before = house.lives()
    bad = compose(web=service("exit 3"), side=SIDE, idle=service("sleep 3000"))
    house.fetch({"a/compose.yaml": bad})
    ups = 0

    def observer(step: Step) -> None:
        nonlocal ups
        ups += step is Step.UP
        if ups == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    def act() -> None:
        house.services = house.fresh_services(at_step=observer)
        house.look()

    assert in_a_child(act)
    done = house.look()
    assert done["outcome"] == "rolled_back", done
    assert commands(house) == {"web": "sleep 1000", "side": "sleep 2000", "idle": "sleep 3000", "old": "sleep 6000"}
    assert_is_back(house, before["old"])
    assert {name: house.lives()[name] for name in ("side", "idle")} == {name: before[name] for name in ("side", "idle")}
    assert house.drift() == {}


def test_something_else_that_is_wanted_by_now_replaces_an_interrupted_deployment(house: House) -> None:
    house.stack(**QUICK)
    house.push(with_old(BEFORE))
    old = house.lives()["old"]
    house.fetch(AFTER)

    def act() -> None:
        house.services = house.fresh_services(
            at_step=lambda step: os.kill(os.getpid(), signal.SIGKILL) if step is Step.AFTER else None
        )
        house.look()

    assert in_a_child(act)
    assert house.seen("side", "/conf/app.ini") == "2"
    done = house.push(with_old(BEFORE))
    assert (done["outcome"], done["reason"]) == ("deployed", "interrupted"), done
    assert_is_back(house, old)
    assert commands(house)["web"] == "sleep 1000"
    assert house.seen("side", "/conf/app.ini") == "1"
    assert not house.live("a/conf/new.ini").exists() or house.live("a/conf/new.ini").read_text() == "1"


def test_a_container_left_half_made_gets_its_name_when_the_old_one_is_gone(house: House) -> None:
    house.stack(**QUICK)
    file = compose(web=service("date >> /keep/it; sleep 1000", volumes=["/keep"]))
    house.push({"a/compose.yaml": file})
    old = house.containers()["web"]
    (volume,) = old.volumes
    labels = {**old.container.labels, "com.docker.compose.replace": old.container.id}
    client = house.engine.client
    name = old.container.name
    config = client.create_host_config(binds=[f"{volume}:/keep"], network_mode="none")
    half = client.create_container(
        "busybox:stable", ["sleep", "1000"], name=f"{old.container.id[:12]}_{name}", labels=labels, host_config=config
    )["Id"]
    client.remove_container(old.container.id, force=True)

    done = house.push({"a/compose.yaml": file.replace("sleep 1000", "sleep 1001")})
    assert done["outcome"] == "deployed", done
    assert house.containers()["web"].volumes == (volume,)
    assert not house.engine.exists(half)


def test_a_container_left_half_made_goes_while_the_old_one_is_there(house: House) -> None:
    """Compose 2 says by its id which one it was to replace, Compose 5 by its name."""
    house.stack(**QUICK)
    house.push({"a/compose.yaml": compose(web=service())})
    for number in range(2):
        old = house.containers()["web"].container
        labels = {**old.labels, "com.docker.compose.replace": "web-1" if number else old.id}
        half = f"{old.id[:12]}_{old.name}"
        house.engine.client.create_container("busybox:stable", ["true"], name=half, labels=labels)

        done = house.push({"a/compose.yaml": compose(web=service(f"sleep {1001 + number}"))})
        assert done["outcome"] == "deployed", done
        assert [each.name for each in house.engine.containers(house.project())] == [old.name]


def test_a_container_that_is_called_after_itself_gets_its_name(house: House) -> None:
    house.stack(**QUICK)
    house.push({"a/compose.yaml": compose(web=service(), side=service())})
    house.push({"a/compose.yaml": compose(web=service("sleep 1001"), side=service())})  # it has replaced another one
    before, web = house.lives(), house.containers()["web"].container
    house.engine.rename(web.id, f"{web.id[:12]}_{web.name}")
    done = house.push({"a/compose.yaml": compose(web=service("sleep 1001"), side=service("sleep 1002"))})
    assert done["outcome"] == "deployed", done
    assert (house.lives()["web"], house.containers()["web"].container.name) == (before["web"], web.name)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK drops its socket
def test_an_engine_that_is_away_is_tried_again_and_nothing_is_held(house: House, tmp_path: Path) -> None:
    house.stack(**QUICK)
    house.push(BEFORE)
    house.fetch(AFTER)
    engine = house.services.containers("unix:///var/run/docker.sock")
    client, engine.docker_host, engine._client = engine.client, f"unix://{tmp_path}/none.sock", None
    with pytest.raises(EngineUnavailable) as raised:
        house.look()
    del raised
    gc.collect()
    assert house.services.state.runs.waiting("default/a")
    assert house.services.state.holds.get("default/a") is None
    engine._client = client
    assert house.look()["outcome"] == "deployed"


def test_what_a_killed_task_was_told_to_force_is_forced_by_whoever_comes_next(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"), db=service())})
    before = house.lives()
    runs = house.services.state.runs
    run = runs.create("r", Trigger.CLI, (), forced=True)
    runs.plan(run, [("default/a", "")])
    assert runs.take("default/a", "a task that is no more") == (run,)
    done = house.push({"a/compose.yaml": compose(web=service("sleep 1001"), db=service())})
    assert (done["outcome"], done["reason"]) == ("deployed", "forced")
    assert runs.parts(run, ["default/a"])["default/a"].outcome == "deployed"
    assert house.lives()["db"] != before["db"]
