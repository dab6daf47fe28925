"""A stack whose Compose project gets another name: its containers go along, its data does not stay behind unnoticed."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, compose, service, yaml_of

pytestmark = pytest.mark.docker


def plain(house: House, command: str = "sleep 1000") -> dict[str, str | None]:
    web = service(command, volumes=["./data:/d"], container_name=f"{house.project()}-fixed")
    return {"a/compose.yaml": compose(web=web)}


def test_the_old_projects_containers_make_room_for_the_new_ones(house: House) -> None:
    house.stack()
    house.pull(plain(house))
    (house.live("a/data/kept")).write_text("1")
    house.stack(project=house.project("new"))
    done = house.pull()["stacks"]["default/a"]
    assert (done["outcome"], done["reason"]) == ("deployed", "options_changed"), done
    assert house.containers() == {}
    assert house.containers("new")["web"].state == "running"
    assert house.seen("web", "/d/kept", "new") == "1"
    assert house.pull()["stacks"]["default/a"]["outcome"] == "unchanged"


def test_what_fails_under_the_new_name_goes_back_to_the_old_one(house: House) -> None:
    house.stack()
    house.pull(plain(house))
    house.stack(project=house.project("new"))
    done = house.pull(plain(house, "exit 3"))["stacks"]["default/a"]
    assert done["outcome"] == "rolled_back", done
    assert house.containers("new") == {}
    assert house.containers()["web"].state == "running"
    assert house.command("web") == "sleep 1000"
    assert house.drift() == {}


def test_volumes_that_would_stay_behind_block_it_until_somebody_decides(house: House) -> None:
    house.stack()
    model = {"services": {"web": service(volumes=["store:/v"])}, "volumes": {"store": {}}}
    house.pull({"a/compose.yaml": yaml_of(model)})
    before = house.lives()
    house.stack(project=house.project("new"))
    done = house.pull()["stacks"]["default/a"]
    assert (done["outcome"], done["reason"]) == ("blocked", "moved"), done
    assert f"{house.project()}_store" in done["message"]
    assert house.lives() == before

    house.services.state.adoptions.adopt("default/a", "leave", "me")
    assert house.ask()["outcome"] == "deployed"
    assert house.containers() == {}
    assert house.containers("new")["web"].state == "running"


@pytest.mark.thorough  # as those that keep their names, below
def test_volumes_that_are_given_their_old_names_go_along(house: House) -> None:
    house.stack()
    model = {"services": {"web": service(volumes=["store:/v"])}, "volumes": {"store": {}}}
    house.pull({"a/compose.yaml": yaml_of(model)})
    house.stack(project=house.project("new"))
    assert house.pull()["stacks"]["default/a"]["reason"] == "moved"
    old = f"{house.project()}_store"
    done = house.pull({"a/compose.yaml": yaml_of({**model, "volumes": {"store": {"name": old}}})})
    assert done["stacks"]["default/a"]["outcome"] == "deployed", done
    assert house.containers() == {}
    assert house.containers("new")["web"].volumes == (old,)
    assert house.pull()["stacks"]["default/a"]["outcome"] == "unchanged"


def test_volumes_that_keep_their_names_go_along(house: House) -> None:
    house.stack()
    named = {"store": {"name": f"{house.project()}-store"}}
    model = {"services": {"web": service(volumes=["store:/v"])}, "volumes": named}
    house.pull({"a/compose.yaml": yaml_of(model)})
    house.stack(project=house.project("new"))
    house.pull()
    assert house.containers() == {}
    assert house.containers("new")["web"].volumes == (f"{house.project()}-store",)
