"""Names of containers that somebody else has: refused before the switch, and no end of a stack when they come later."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from tests.integration.deploy.house import DOCKER_HOST, House, compose, in_a_child, service
from workers.deploy.transaction.steps import Step
from workers.reconcile.obstructed import look_again

pytestmark = pytest.mark.docker

KEEPING = {"volumes": ["/keep"], "stop_signal": "SIGKILL"}


@contextlib.contextmanager
def stranger(house: House, name: str) -> Iterator[None]:
    """A container of nobody's with this name. It need not run to have it."""
    identifier = house.docker("create", "--name", name, "busybox:stable", "true").strip()
    try:
        yield
    finally:
        house.docker("rm", "-f", identifier)


@pytest.mark.parametrize("own", ["container_name", "generated"])
def test_a_name_that_is_taken_is_refused_before_anything_is_touched_and_tried_again(house: House, own: str) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(db=service())})
    before = house.lives()
    name = house.project("taken") if own == "container_name" else f"{house.project()}-web-1"
    more = {"container_name": name} if own == "container_name" else {}
    file = compose(db=service("sleep 1001"), web=service(**more))
    with stranger(house, name):
        done = house.push({"a/compose.yaml": file})
        assert (done["outcome"], house.lives()) == ("failed", before), done["message"]
        assert f"the container name {name} is taken by a container" in done["message"]
        assert "web" not in house.live("a/compose.yaml").read_text()
        hold = house.services.state.holds.get("default/a")
        assert hold is not None
        assert hold.retry_at
        done = house.look()
        assert (done["outcome"], done["reason"]) == ("skipped", "obstructed"), done
    assert look_again(house.services, DOCKER_HOST) == ("default/a",)
    house.work()
    assert set(house.lives()) == {"db", "web"}
    assert house.services.state.holds.get("default/a") is None
    assert look_again(house.services, DOCKER_HOST) == ()
    done = house.push({"a/compose.yaml": file.replace("sleep 1000", "sleep 1002")})
    assert done["outcome"] == "deployed", done["message"]  # one's own container is in nobody's way


def test_a_name_that_is_taken_in_the_middle_of_up_is_no_end(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000", **KEEPING))})
    volumes, name = house.containers()["web"].volumes, house.project("taken")
    with contextlib.ExitStack() as there:

        def meddle(step: Step) -> None:
            if step is Step.UP and not meddled:
                meddled.append(step)
                there.enter_context(stranger(house, name))

        meddled: list[Step] = []
        house.services.close()
        house.services = house.fresh_services(at_step=meddle)
        done = house.push({"a/compose.yaml": compose(web=service("sleep 1000", container_name=name, **KEEPING))})
        assert (done["outcome"], house.drift()) == ("rolled_back", {}), done["message"]
        assert (house.containers()["web"].state, house.containers()["web"].volumes) == ("running", volumes)
        done = house.push({"a/compose.yaml": compose(web=service("sleep 1001", **KEEPING))})
        assert done["outcome"] == "deployed", done["message"]
        assert house.containers()["web"].volumes == volumes


def test_a_container_left_half_made_waits_for_its_name_under_the_one_it_has(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000", **KEEPING))})
    old = house.containers()["web"]
    (volume,), name = old.volumes, old.container.name
    labels = {**old.container.labels, "com.docker.compose.replace": "web-1"}  # as Compose from 2.39 on says it
    client = house.engine.client
    config = client.create_host_config(binds=[f"{volume}:/keep"], network_mode="none")
    half = f"{old.container.id[:12]}_{name}"
    client.create_container("busybox:stable", ["sleep", "1000"], name=half, labels=labels, host_config=config)
    client.remove_container(old.container.id, force=True)

    with stranger(house, name):
        done = house.push({"a/compose.yaml": compose(web=service("sleep 1001", **KEEPING))})
        assert (done["outcome"], half in {each.name for each in house.engine.containers(house.project())}) == (
            "failed",
            True,
        ), done["message"]
    done = house.ask()
    assert done["outcome"] == "deployed", done["message"]
    assert house.containers()["web"].container.name == name
    assert house.containers()["web"].volumes == (volume,)


def crossed(house: House, web: str, db: str, more: str = "") -> str:
    """Two services with these names, of which the second does something else or not."""
    names = {"web": house.project(web), "db": house.project(db)}
    return compose(
        web=service("sleep 1000", container_name=names["web"], **KEEPING),
        db=service(f"sleep 2000{more}", container_name=names["db"], stop_signal="SIGKILL"),
    )


def names(house: House) -> dict[str, str]:
    return {name: each.container.name for name, each in house.containers().items() if each.container.running}


def test_services_of_one_stack_exchange_their_names_there_and_back(house: House) -> None:
    house.stack(health={"timeout": "20s", "settle": "0s"})
    one, two = house.project("one"), house.project("two")
    house.push({"a/compose.yaml": crossed(house, "one", "two")})
    volumes = house.containers()["web"].volumes
    done = house.push({"a/compose.yaml": crossed(house, "two", "one")})
    assert (done["outcome"], names(house)) == ("deployed", {"web": two, "db": one}), done["message"]

    done = house.push({"a/compose.yaml": crossed(house, "one", "two", more="x; exit 3")})
    assert (done["outcome"], names(house)) == ("rolled_back", {"web": two, "db": one}), done["message"]
    assert (house.drift(), house.containers()["web"].volumes) == ({}, volumes)


def test_killed_while_names_are_exchanged_the_services_have_theirs_again(house: House) -> None:
    house.stack(health={"timeout": "20s", "settle": "0s"})
    first = crossed(house, "one", "two")
    house.push({"a/compose.yaml": first})
    before, called = house.lives(), names(house)
    house.fetch({"a/compose.yaml": crossed(house, "two", "one")})

    def act() -> None:
        house.services = house.fresh_services(
            at_step=lambda step: os.kill(os.getpid(), signal.SIGKILL) if step is Step.UP else None
        )
        house.look()

    assert in_a_child(act)
    assert names(house) != called
    done = house.push({"a/compose.yaml": first})
    assert done["outcome"] == "deployed", done["message"]
    assert (names(house), house.lives()) == (called, before)
