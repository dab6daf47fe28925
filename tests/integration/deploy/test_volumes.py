"""Volumes whose definition changes: what is only a mount is made anew, and what holds data is never touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import House, service, yaml_of
from tests.integration.deploy.test_interruptions import interrupted_push

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

KEEPING = "test -e /keep/it || date +%N > /keep/it; "


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
    """A service that shows the volume and keeps something in an anonymous one, one beside it, and maybe others."""
    web = service(f"{KEEPING}{command}", volumes=["shown:/shown", "/keep", "held:/held"])
    volumes: dict[str, object] = {"shown": volume, "held": {}}
    text = yaml_of({"services": {"web": web, "side": service(), **services}, "volumes": volumes})
    return {"a/compose.yaml": text}


def options(house: House, key: str = "shown") -> dict[str, Any]:
    return dict(house.engine.client.inspect_volume(f"{house.project()}_{key}"))


def is_same_but_for_its_age(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return {**one, "CreatedAt": ""} == {**other, "CreatedAt": ""}


def test_a_mount_is_made_anew_and_nothing_else_is_lost(house: House, folders: tuple[Path, Path]) -> None:
    house.stack()
    house.push(model(bind(folders[0])))
    before, kept = house.lives(), house.seen("web", "/keep/it")
    assert house.seen("web", "/shown/here") == "one"
    done = house.push(model(bind(folders[1], labels={"for": "the web"})))
    assert (done["outcome"], done["reason"], done["action"]) == ("deployed", "content_changed", "recreate"), done
    assert house.seen("web", "/shown/here") == "two"
    assert house.seen("web", "/keep/it") == kept != ""
    assert house.lives()["side"] == before["side"]
    assert options(house)["Labels"]["for"] == "the web"
    assert [each.name for each in house.engine.containers(house.project())].count(f"{house.project()}-web-1") == 1
    assert house.look()["outcome"] == "unchanged"
    assert house.drift() == {}
    assert house.push(model(TMPFS))["outcome"] == "deployed"
    assert options(house)["Options"]["type"] == "tmpfs"
    assert (house.seen("web", "/shown/here"), house.seen("web", "/keep/it")) == ("", kept)
    assert [(each / "here").read_text() for each in folders] == ["one", "two"]


def test_whoever_has_the_mount_from_another_service_is_made_anew_with_it(
    house: House, folders: tuple[Path, Path]
) -> None:
    house.stack()
    guest = service(volumes_from=["web"], depends_on=["web"])
    house.push(model(bind(folders[0]), guest=guest))
    assert house.push(model(bind(folders[1]), guest=guest))["outcome"] == "deployed"
    assert (house.seen("web", "/shown/here"), house.seen("guest", "/shown/here")) == ("two", "two")


def test_a_folder_of_the_stack_behind_a_volume_can_be_another_one(house: House) -> None:
    house.stack()
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
        ({"driver_opts": {"type": "nfs", "o": "addr=127.0.0.1,soft,timeo=1,retrans=0", "device": ":/no"}}, "sleep 1"),
        (TMPFS, "exit 3"),
        ({}, "exit 3"),
    ],
    ids=["a folder that is not there", "a share that is not there", "a service that fails", "a volume of its own"],
)
def test_the_way_back_has_the_old_options(
    house: House, folders: tuple[Path, Path], volume: object, command: str
) -> None:
    old = service(f"{KEEPING}sleep 7", volumes=["shown:/shown", "/keep"])
    house.stack()
    house.push(model(bind(folders[0], labels={"a": "b"}), old=old))
    kept = {name: house.seen(name, "/keep/it") for name in ("web", "old")}
    before, side = options(house), house.lives()["side"]
    done = house.push(model(volume, command))
    assert done["outcome"] == "rolled_back", done
    assert is_same_but_for_its_age(options(house), before)
    assert house.seen("web", "/shown/here") == "one"
    assert {name: house.seen(name, "/keep/it") for name in ("web", "old")} == kept
    assert house.lives()["side"] == side
    assert house.drift() == {}
    assert house.look()["reason"] == "failed_before"
    assert not any("aside" in each.name for each in house.engine.containers(house.project()))


def test_what_holds_data_stays_and_the_commands_are_told(house: House, folders: tuple[Path, Path]) -> None:
    house.stack()
    house.push(model({}))
    before = house.lives()
    name = f"{house.project()}_shown"
    house.docker("exec", f"{house.project()}-web-1", "sh", "-c", "echo data > /shown/it")
    done = house.push(model(bind(folders[0])))
    assert (done["outcome"], done["reason"], house.lives()) == ("invalid", "invalid", before)
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
    house.stack()
    house.push(model({}))
    house.docker("exec", f"{house.project()}-web-1", "sh", "-c", "echo data > /shown/it")
    house.fetch(model(bind(folders[0])))
    assert house.ask(force=True)["outcome"] == "deployed"
    assert house.seen("web", "/shown/it") == "data"
    # What the engine has is what counts, whatever was deployed last.
    assert house.push(model(bind(folders[1])))["outcome"] == "invalid"
    assert house.seen("web", "/shown/it") == "data"


def test_another_name_leaves_no_data_behind(house: House) -> None:
    house.stack()
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


def test_a_mount_may_get_another_name(house: House, folders: tuple[Path, Path]) -> None:
    house.stack()
    house.push(model(bind(folders[0])))
    other = f"{house.project()}-other"
    assert house.push(model(bind(folders[1], name=other)))["outcome"] == "deployed"
    assert other in house.containers()["web"].volumes
    assert house.seen("web", "/shown/here") == "two"


def test_a_volume_of_others_is_left_to_them(house: House, folders: tuple[Path, Path]) -> None:
    house.stack()
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
    house.stack()
    house.push(model({}))
    house.docker("rm", "--force", f"{house.project()}-web-1")
    house.docker("volume", "rm", f"{house.project()}_shown")
    assert house.push(model(bind(folders[0])))["outcome"] == "deployed"
    assert house.seen("web", "/shown/here") == "one"


def test_killed_at_any_step_the_volume_is_right_after_the_next_look(house: House, folders: tuple[Path, Path]) -> None:
    house.stack(health={"timeout": "20s", "settle": "0s"})
    house.push(model(bind(folders[0])))
    kept, count, killed = house.seen("web", "/keep/it"), 0, True
    while killed:
        count += 1
        which = folders[count % 2]
        side = house.lives()["side"]
        house.fetch({**model(bind(which)), "a/count": str(count)})
        killed = interrupted_push(house, count)
        done = house.look()
        told = f"killed at step {count}: {done}"
        assert done["outcome"] in {"deployed", "unchanged"}, told
        assert house.seen("web", "/shown/here") == which.name, told
        assert house.seen("web", "/keep/it") == kept, told
        assert house.lives()["side"] == side, told
    assert [(each / "here").read_text() for each in folders] == ["one", "two"]
