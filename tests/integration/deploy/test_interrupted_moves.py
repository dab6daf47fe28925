"""A change of the project's name and a removal that are killed at any of their steps are finished by the next look."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import DOCKER_HOST, Files, House, compose, in_a_child, service
from tests.releases import THOROUGH
from tests.second_engine import SecondEngine
from workers.adapters.state.leases import stack_lease
from workers.deploy.transaction.steps import Step
from workers.reconcile.reconcile import reconcile

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the SDK drops its sockets when an engine goes
]

QUICK: dict[str, Any] = {"health": {"timeout": "20s", "settle": "1s"}}
# What comes before is no different when the project has another name. A kill at every step is in
# `test_interruptions.py`; here `make test` tries those at which containers of both names may be there.
TOUCHING = list(Step)[list(Step).index(Step.SWITCHED) :]
NAMING = TOUCHING if THOROUGH else [Step.MAKE_ROOM, Step.UP, Step.HEALTH, Step.RECORD]
BACK = [Step.MAKE_ROOM, Step.UP, Step.REST] if THOROUGH else [Step.MAKE_ROOM, Step.UP]
REMOVING = list(Step)[list(Step).index(Step.REMOVE) :]


def killed(house: House, step: Step, act: Callable[[], object], *, nth: int = 1, how: Callable[[], None]) -> bool:
    """Whether a child that did this came to the n-th beginning of a step, at which something befell it."""

    def observer(begun: Step, seen: list[Step] = []) -> None:  # noqa: B006 (one list for one child)
        seen.append(begun)
        if begun is step and seen.count(step) == nth:
            how()

    def child() -> None:
        house.services = house.fresh_services(at_step=observer)
        act()

    return in_a_child(child)


def at_once() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_its_middle() -> None:
    """Kill the first program that the step starts after a while, and then this process."""
    before = children()  # the step goes on while the thread comes up

    def strike() -> None:
        while not (begun := children() - before):
            time.sleep(0.01)
        time.sleep(0.7)
        for each in begun:
            os.kill(each, signal.SIGKILL)
        at_once()

    threading.Thread(target=strike).start()


def children() -> set[int]:
    return {int(each) for each in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def running(house: House, name: str) -> dict[str, str]:
    return {service: each.state for service, each in house.containers(name).items()}


def two(name: str, **more: Any) -> Files:
    web = service(volumes=["./data:/d"], container_name=f"{name}-fixed", **more)
    return {"a/compose.yaml": compose(web=web, side=service("sleep 2000", **more))}


def test_a_project_gets_its_new_name_wherever_it_was_killed(house: House) -> None:
    came_to = set()
    house.stack(**QUICK)
    house.push(two(house.project()))
    house.live("a/data/kept").write_text("1")
    names = ["a", *(f"new{number}" for number in range(len(NAMING)))]
    for step, (old, new) in zip(NAMING, pairwise(names), strict=True):
        house.stack(project=house.project(new), **QUICK)
        if killed(house, step, house.look, how=at_once):
            came_to.add(step)
        at_kill = house.lives(new)
        done = house.look()

        told = f"killed at {step}: {done}"
        assert done["outcome"] in {"deployed", "unchanged"}, told
        assert house.containers(old) == {}, told
        assert running(house, new) == {"web": "running", "side": "running"}, told
        assert {service: house.lives(new)[service] for service in at_kill} == at_kill, told
        assert house.seen("web", "/d/kept", new) == "1"
        assert house.look()["outcome"] == "unchanged", told
    assert came_to == set(NAMING) - {Step.REMOVE, Step.VOLUMES, Step.READY}


def test_a_project_gets_its_old_name_back_wherever_it_was_killed(house: House) -> None:
    house.stack(**QUICK)
    house.push(two(house.project()))
    for number, step in enumerate(BACK):
        new = f"new{number}"
        house.stack(project=house.project(new), **QUICK)
        house.fetch({"a/compose.yaml": compose(web=service(f"exit {3 + number}"), side=service("sleep 2000"))})
        assert killed(house, step, house.look, nth=2, how=at_once)
        back = house.lives()
        done = house.look()
        assert done["outcome"] == "rolled_back", f"killed at {step}: {done}"
        assert house.containers(new) == {}
        assert running(house, "a") == {"web": "running", "side": "running"}
        assert {service: house.lives()[service] for service in back} == back
        assert house.drift() == {}


def test_a_project_gets_its_new_name_although_the_old_one_was_half_taken_down(house: House) -> None:
    house.stack(**QUICK)
    house.fetch(two(house.project(), stop_grace_period="3s", init=False))
    assert house.look()["outcome"] == "deployed"
    house.stack(project=house.project("new"), **QUICK)
    assert killed(house, Step.MAKE_ROOM, house.look, how=in_its_middle)
    assert house.look()["outcome"] == "deployed"
    assert house.containers() == {}
    assert running(house, "new") == {"web": "running", "side": "running"}


@pytest.mark.parametrize(("policy", "left"), [("stop", {"web": "exited", "side": "exited"}), ("down", {})])
def test_a_removal_is_finished_wherever_it_was_killed(
    house: House, policy: str, left: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0.0)
    steps = REMOVING if THOROUGH or policy == "down" else [Step.RECORD]
    ways = [(Step.REMOVE, in_its_middle), *((step, at_once) for step in steps)]
    came_to = set()
    slow: Any = {"stop_grace_period": "3s", "init": False}
    house.stack("other")
    house.stack(when_removed=policy, **QUICK)
    house.commit({**two(house.project(), **slow), "other/compose.yaml": compose(it=service())})
    house.pull()
    house.live("a/data/kept").write_text("1")
    for step, how in ways:
        house.commit({"a/compose.yaml": None})
        if killed(house, step, house.pull, how=how):
            came_to.add(step)
        house.pull()

        stack = "default/a"
        assert running(house, "a") == left, step
        assert house.live("a/data/kept").read_text() == "1"
        (row,) = house.services.state.rows([stack])
        assert row["status"] == "removed", (step, row)
        assert house.pull()["stacks"].get(stack, {}).get("outcome") in {None, "skipped"}
        house.services.state.leases.force_release(stack_lease(stack))  # which ends by itself after half a minute
        reconcile(house.services, "local")
        house.work()
        assert not house.services.state.open_runs.all(), step
        house.commit(two(house.project()))
        house.pull()
        assert running(house, "a") == {"web": "running", "side": "running"}, step
    assert came_to == {Step.REMOVE, *steps}


@pytest.mark.parametrize(
    ("step", "changes_back"),
    [
        (Step.MAKE_ROOM, False),
        pytest.param(Step.MAKE_ROOM, True, marks=pytest.mark.thorough),  # as at UP: both engines have containers
        pytest.param(Step.UP, False, marks=pytest.mark.thorough),  # as at MAKE_ROOM
        (Step.UP, True),
        (Step.RECORD, False),
        pytest.param(Step.RECORD, True, marks=pytest.mark.thorough),  # as at UP
    ],
)
def test_another_engine_is_reached_or_left_again_wherever_it_was_killed(
    house: House, second: SecondEngine, step: Step, changes_back: bool
) -> None:
    house.stack(**QUICK)
    house.fetch({"a/compose.yaml": compose(web=service())})
    assert house.look()["outcome"] == "deployed"
    house.settle(docker_host=second.host)
    house.fetch({"a/compose.yaml": compose(web=service("sleep 3000"))})
    assert killed(house, step, house.look, how=at_once)
    if changes_back:
        house.settle(docker_host=DOCKER_HOST)
    done = house.look()
    assert done["outcome"] == "deployed", done
    here, there = len(running(house, "a")), len(second.engine.containers(house.project()))
    assert (here, there) == ((1, 0) if changes_back else (0, 1))
    assert house.look()["outcome"] == "unchanged"


def test_a_new_name_that_is_taken_back_while_it_was_killed_leaves_nothing_under_it(house: House) -> None:
    house.stack(**QUICK)
    house.fetch(two(house.project()))
    assert house.look()["outcome"] == "deployed"
    house.stack(project=house.project("new"), **QUICK)
    assert killed(house, Step.RECORD, house.look, how=at_once)
    assert running(house, "new") == {"web": "running", "side": "running"}
    house.stack(**QUICK)
    assert house.look()["outcome"] == "deployed"
    assert house.containers("new") == {}
    assert running(house, "a") == {"web": "running", "side": "running"}
    assert house.look()["outcome"] == "unchanged"


def test_an_address_that_is_taken_back_while_it_was_killed_touches_nothing(house: House, tmp_path: Path) -> None:
    house.stack(**QUICK)
    house.fetch(two(house.project()))
    assert house.look()["outcome"] == "deployed"
    before = house.lives()
    (tmp_path / "alias.sock").symlink_to("/var/run/docker.sock")
    house.settle(docker_host=f"unix://{tmp_path}/alias.sock")
    assert killed(house, Step.RECORD, house.look, how=at_once)
    house.settle(docker_host=DOCKER_HOST)
    assert house.look()["outcome"] in {"deployed", "unchanged"}
    assert house.lives() == before
