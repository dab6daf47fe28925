"""Volumes whose definition changes: what is only a mount is made anew, and what holds data is never touched."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docker import APIClient

from tests.integration.deploy.house import House, in_a_child, service, yaml_of
from tests.releases import STRIDE
from workers.deploy.transaction.steps import Step

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

KEEPING = "test -e /keep/it || cat /proc/sys/kernel/random/uuid > /keep/it; "
QUICK = {"timeout": "20s", "settle": "0s"}  # where nothing fails


def bind(device: Path | str, **more: object) -> dict[str, object]:
    """A volume that shows a folder. Compose makes its path absolute only where the driver is named."""
    return {"driver": "local", "driver_opts": {"type": "none", "o": "bind", "device": str(device)}, **more}


TMPFS = {"driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of the host, each with a file that says which it is."""
    made = (tmp_path / "one", tmp_path / "two")
    for each in made:
        each.mkdir()
        (each / "here").write_text(each.name)
    return made


def model(volume: object, command: str = "sleep 1000", **services: dict[str, object]) -> dict[str, str | None]:
    """A service that shows the volume and keeps something in an anonymous one, and maybe others."""
    web = service(f"{KEEPING}{command}", volumes=["shown:/shown", "/keep", "held:/held"])
    volumes: dict[str, object] = {"shown": volume, "held": {}}
    text = yaml_of({"services": {"web": web, **services}, "volumes": volumes})
    return {"a/compose.yaml": text}


def options(house: House, key: str = "shown") -> dict[str, Any]:
    return dict(house.engine.client.inspect_volume(f"{house.project()}_{key}"))


def is_same_but_for_its_age(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return {**one, "CreatedAt": ""} == {**other, "CreatedAt": ""}


def test_a_mount_is_made_anew_and_nothing_else_is_lost(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health=QUICK)
    guest = service(volumes_from=["web"], depends_on=["web"])
    shared = partial(model, side=service(), tenant=service(network_mode="service:web"), guest=guest)
    house.push(shared(bind(folders[0])))
    before, kept = house.lives(), house.seen("web", "/keep/it")
    assert house.seen("web", "/shown/here") == "one"
    done = house.push(shared(bind(folders[1], labels={"for": "the web"})))
    assert (done["outcome"], done["reason"], done["action"]) == ("deployed", "content_changed", "recreate"), done
    assert (house.seen("web", "/shown/here"), house.seen("guest", "/shown/here")) == ("two", "two")
    assert house.seen("web", "/keep/it") == kept != ""
    assert house.lives()["side"] == before["side"]
    assert options(house)["Labels"]["for"] == "the web"
    assert [each.name for each in house.engine.containers(house.project())].count(f"{house.project()}-web-1") == 1
    mode = house.engine.client.inspect_container(house.lives()["tenant"][0])["HostConfig"]["NetworkMode"]
    assert mode == f"container:{house.lives()['web'][0]}"
    assert house.look()["outcome"] == "unchanged"
    assert house.drift() == {}
    assert house.push(model(TMPFS))["outcome"] == "deployed"
    assert options(house)["Options"]["type"] == "tmpfs"
    assert (house.seen("web", "/shown/here"), house.seen("web", "/keep/it")) == ("", kept)
    other = f"{house.project()}-other"
    assert house.push(model(bind(folders[1], name=other)))["outcome"] == "deployed"
    assert other in house.containers()["web"].volumes
    assert (house.seen("web", "/shown/here"), house.seen("web", "/keep/it")) == ("two", kept)
    assert [(each / "here").read_text() for each in folders] == ["one", "two"]


def test_a_folder_of_the_stack_behind_a_volume_can_be_another_one(house: House) -> None:
    house.stack(health=QUICK)
    done = house.push({**model(bind("./one")), "a/one/here": "one", "a/two/here": "two"})
    assert done["outcome"] == "deployed", done
    assert house.seen("web", "/shown/here") == "one"
    assert options(house)["Options"]["device"] == str(house.live("a/one"))
    assert house.push(model(bind("./two")))["outcome"] == "deployed"
    assert house.seen("web", "/shown/here") == "two"
    before = house.lives()
    done = house.push({"a/two/here": None, "a/one/here": None})
    assert done["outcome"] == "deployed", done
    assert house.live("a/two").is_dir()
    assert (house.lives()["web"][0], house.seen("web", "/shown/here")) == (before["web"][0], "")


@pytest.mark.parametrize(
    ("volume", "command"),
    [
        (bind("/nowhere/at/all"), "sleep 1000"),
        pytest.param(  # fails where the folder does
            {"driver_opts": {"type": "nfs", "o": "addr=127.0.0.1,soft,timeo=1,retrans=0", "device": ":/no"}},
            "sleep 1",
            marks=pytest.mark.thorough,
        ),
        ({}, "exit 3"),
    ],
    ids=["a folder that is not there", "a share that is not there", "a volume of its own"],
)
def test_the_way_back_has_the_old_options(
    house: House, folders: tuple[Path, Path], volume: object, command: str
) -> None:
    old = service(f"{KEEPING}sleep 2000", volumes=["shown:/shown", "/keep"])
    house.stack()
    house.push(model(bind(folders[0], labels={"a": "b"}), old=old))
    kept = {name: house.seen(name, "/keep/it") for name in ("web", "old")}
    before = options(house)
    done = house.push(model(volume, command))
    assert done["outcome"] == "rolled_back", done
    assert is_same_but_for_its_age(options(house), before)
    assert house.seen("web", "/shown/here") == "one"
    assert {name: house.seen(name, "/keep/it") for name in ("web", "old")} == kept
    assert house.drift() == {}
    assert house.look()["reason"] == "failed_before"
    assert not any("aside" in each.name for each in house.engine.containers(house.project()))


def test_what_holds_data_stays_and_the_commands_are_told(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health=QUICK)
    house.push(model({}))
    before = house.lives()
    name = f"{house.project()}_shown"
    house.docker("exec", f"{house.project()}-web-1", "sh", "-c", "echo data > /shown/it")
    done = house.push(model(bind(folders[0])))
    assert (done["outcome"], done["reason"], done["action"]) == ("invalid", "invalid", "none"), done
    assert house.lives() == before
    assert "the options of volume shown changed; the volume holds data" in (done["message"] or "")
    last = f"docker rm --force {house.project()}-web-1 && docker volume rm {name}"
    assert f"{last} && tegu deploy default/a" in (done["message"] or "")
    assert house.look()["reason"] == "invalid"
    assert house.seen("web", "/shown/it") == "data"

    house.docker("rm", "--force", f"{house.project()}-web-1")
    house.docker("volume", "rm", name)
    assert house.ask()["outcome"] == "deployed"
    assert house.seen("web", "/shown/here") == "one"


def test_whoever_insists_leaves_data_where_it_is(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health=QUICK)
    house.push(model({}))
    house.docker("exec", f"{house.project()}-web-1", "sh", "-c", "echo data > /shown/it")
    house.fetch(model(bind(folders[0])))
    assert house.ask(force=True)["outcome"] == "deployed"
    assert house.seen("web", "/shown/it") == "data"
    # What the engine has is what counts, whatever was deployed last.
    assert house.push(model(bind(folders[1])))["outcome"] == "invalid"
    assert house.seen("web", "/shown/it") == "data"


def test_another_name_leaves_no_data_behind(house: House) -> None:
    house.stack(health=QUICK)
    house.push(model({}))
    other = f"{house.project()}-other"
    done = house.push(model({"name": other}))
    assert done["outcome"] == "invalid", done
    assert f"docker volume create {other} && docker run" in (done["message"] or "")
    house.docker("volume", "create", other)
    assert house.ask()["outcome"] == "deployed"

    house.push(model({"name": other}, side=service("sleep 1001")))
    assert house.containers()["web"].volumes != ()
    assert other in house.containers()["web"].volumes


def test_a_volume_of_others_is_left_to_them(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health=QUICK)
    house.push(model(bind(folders[0])))
    before, name = house.lives(), f"{house.project()}_shown"
    stranger = f"{house.project()}-stranger"
    house.docker("create", "--name", stranger, "--volume", f"{name}:/x", "busybox:stable")
    try:
        done = house.push(model(bind(folders[1])))
        assert (done["outcome"], house.lives()) == ("blocked", before)
        assert stranger in (done["message"] or "")
        assert house.seen("web", "/shown/here") == "one"
    finally:
        house.docker("rm", "--force", stranger)
    assert house.look()["outcome"] == "deployed"
    assert house.seen("web", "/shown/here") == "two"


def test_a_volume_that_was_never_made_is_no_problem(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health=QUICK)
    house.push(model({}, side=service()))
    house.docker("rm", "--force", f"{house.project()}-web-1")
    house.docker("volume", "rm", f"{house.project()}_shown")
    assert house.push(model(bind(folders[0]), side=service()))["outcome"] == "deployed"
    assert house.seen("web", "/shown/here") == "one"


def kill_at_call(house: House, count: int, *, from_up: int = 0) -> None:
    """Kill this process, which is another one, when it is about to change volumes or their containers so many times.

    Args:
        house: what it works on.
        count: which time.
        from_up: only what comes after so many calls of `up` counts.
    """
    seen, ups, began = 0, 0, False

    def observer(step: Step) -> None:
        nonlocal ups, began
        ups += step is Step.UP
        began = began or (step is Step.VOLUMES and ups >= from_up)

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **named: Any) -> Any:
            nonlocal seen
            seen += began
            if seen == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)

        return wrapped

    house.services = house.fresh_services(at_step=observer)
    for name in ("_post", "_delete"):
        setattr(APIClient, name, counted(getattr(APIClient, name)))


def killed(house: House, count: int, **how: int) -> bool:
    """Look in a child that is killed there; whether it came that far."""

    def act() -> None:
        kill_at_call(house, count, **how)
        house.look()

    return in_a_child(act)


def test_killed_at_any_call_the_next_look_makes_the_volume_anew(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health=QUICK)
    house.push(model(bind(folders[0])))
    kept, count, dies = house.seen("web", "/keep/it"), 1 - STRIDE, True
    while dies:
        count += STRIDE
        shown = folders[count % 2]
        house.fetch(model(bind(shown)))
        dies = killed(house, count)
        done = house.look()
        told = f"killed at call {count}: {done}"
        assert done["outcome"] in {"deployed", "unchanged"}, told
        assert house.seen("web", "/shown/here") == shown.name, told
        assert house.seen("web", "/keep/it") == kept, told
        assert len(house.engine.containers(house.project())) == len(house.containers()), told
    assert count > len(("make a stand-in", "stop", "remove", "rename", "remove the volume"))
    assert [(each / "here").read_text() for each in folders] == ["one", "two"]


def test_killed_at_any_call_on_the_way_back_the_volume_is_as_before(house: House, folders: tuple[Path, Path]) -> None:
    house.stack()
    house.push(model(bind(folders[0])))
    kept, before, count, dies = house.seen("web", "/keep/it"), options(house), 1 - STRIDE, True
    while dies:
        count += STRIDE
        house.fetch(model(TMPFS, f"exit {count}"))
        dies = killed(house, count, from_up=1)
        done = house.look()
        told = f"killed at call {count}: {done}"
        assert done["outcome" if dies else "reason"] == ("rolled_back" if dies else "failed_before"), told
        assert is_same_but_for_its_age(options(house), before), told
        assert (house.seen("web", "/shown/here"), house.seen("web", "/keep/it")) == ("one", kept), told
        assert house.drift() == {}, told
    assert count > len(("make a stand-in", "stop", "remove", "rename", "remove the volume", "make the old one"))


@pytest.mark.parametrize("rollback", [True, False])
def test_a_volume_that_an_earlier_attempt_has_left_otherwise_is_put_right(
    house: House, folders: tuple[Path, Path], rollback: bool
) -> None:
    house.stack(rollback=rollback)
    house.push(model(bind(folders[0])))
    kept = house.seen("web", "/keep/it")
    if rollback:  # the attempt is killed, and something else is wanted by then
        house.fetch(model(bind(folders[1])))

        def act() -> None:
            house.services = house.fresh_services(
                at_step=lambda step: os.kill(os.getpid(), signal.SIGKILL) if step is Step.AFTER else None
            )
            house.look()

        assert in_a_child(act)
    else:
        assert house.push(model(bind(folders[1]), "exit 3"))["outcome"] == "failed"
    assert options(house)["Options"]["device"] == str(folders[1])
    done = house.push(model(bind(folders[0])))
    if not rollback:  # nothing in Git differs from the last good deployment, so the containers have to tell
        assert house.drift()
        done = house.look()
    assert (done["outcome"], done["reason"]) == ("deployed", "interrupted"), done
    assert (house.seen("web", "/shown/here"), house.seen("web", "/keep/it")) == ("one", kept)


def test_a_way_back_after_a_kill_deletes_no_data(house: House, folders: tuple[Path, Path]) -> None:
    house.stack()
    house.push(model(bind(folders[0])))
    house.fetch(model({}, "echo data > /shown/it; exit 3"))

    def act() -> None:
        house.services = house.fresh_services(
            at_step=lambda step: os.kill(os.getpid(), signal.SIGKILL) if step is Step.HEALTH else None
        )
        house.look()

    assert in_a_child(act)
    house.until(lambda: not house.containers()["web"].container.running)  # by itself, before the way back
    done = house.look()
    name = f"{house.project()}_shown"
    assert (done["outcome"], f"docker volume rm {name}" in (done["message"] or "")) == ("failed", True), done
    shown = house.docker("run", "--rm", "--volume", f"{name}:/x", "busybox:stable", "cat", "/x/it")
    assert shown == "data"
