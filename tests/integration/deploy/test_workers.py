"""A stack that goes from one worker to another: it is deployed there, and what is left here is as its policy says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.deploy.house import DOCKER_HOST, Files, House, compose, service, yaml_of
from tests.second_engine import SecondEngine
from workers.commands.doctor import examine
from workers.reconcile.housekeeping import keep_house
from workers.reconcile.reassigned import remnants
from workers.reconcile.reconcile import reconcile

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the SDK drops its sockets when an engine goes
]

ID = "default/a"
PLAIN: dict[str, str | None] = {"a/compose.yaml": compose(web=service())}
STORED: dict[str, str | None] = {
    "a/compose.yaml": yaml_of(
        {"services": {"web": service(volumes=["store:/v", "./data:/d"])}, "volumes": {"store": {}}}
    )
}


@pytest.fixture
def nas(house: House) -> Iterator[House]:
    made = house.next_door("nas")
    yield made
    made.services.close()
    made.engine.close()


def pulled(house: House, files: Files | None = None) -> dict[str, Any]:
    found: dict[str, Any] = house.pull(files)["stacks"][ID]
    return found


def look_around(house: House) -> None:
    reconcile(house.services, house.worker)
    house.work()


def states(engine: SecondEngine | House, project: str) -> list[str]:
    return [each.state for each in engine.engine.containers(project)]


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("keep", ["running"]),
        pytest.param("stop", ["exited"], marks=pytest.mark.thorough),  # as what is gone is stopped: `test_removal.py`
        ("down", []),
    ],
)
def test_once_it_runs_there_what_is_left_here_is_as_its_policy_says(
    house: House, nas: House, second: SecondEngine, policy: str, left: list[str]
) -> None:
    project = house.project()
    house.stack(when_removed=policy)
    assert pulled(house, PLAIN)["outcome"] == "deployed"
    house.settle(worker="nas", docker_host=second.host)
    look_around(house)
    assert states(house, project) == ["running"], "nobody has it yet"

    done = pulled(nas)
    assert (done["outcome"], done["reason"]) == ("deployed", "first_deploy"), done
    assert pulled(nas)["outcome"] == "unchanged"
    record = house.services.state.records.get(ID)
    for _ in range(2):
        look_around(house)
        assert states(house, project) == left
    assert states(second, project) == ["running"]
    assert house.services.state.records.get(ID) == record
    assert house.services.state.rows([ID])[0]["status"] == "deployed"
    assert remnants(house.services, "local") == (((ID, "nas", project),) if left == ["running"] else ())
    assert remnants(nas.services, "nas") == ()
    keep_house(house.services, "local", ["r"])
    assert (f"deployed/{ID}" in house.services.clone("r").pins()) == (policy != "down")

    house.services.state.redis.flushall()
    look_around(house)
    look_around(nas)
    record = house.services.state.records.get(ID)
    assert record is not None
    assert record.worker == "nas"
    assert pulled(nas)["outcome"] == "unchanged"


def test_what_was_kept_here_is_told_and_goes_once_its_policy_says_so(
    house: House, nas: House, second: SecondEngine
) -> None:
    house.stack()
    pulled(house, PLAIN)
    house.settle(worker="nas", docker_host=second.host)
    pulled(nas)
    look_around(house)
    (told,) = [each for each in examine(house.services) if each.name == f"stack {ID}"]
    assert (told.status, house.project() in told.mend) == ("warning", True)
    assert "worker nas" in told.found
    house.stack(when_removed="down")
    house.services.state.pauses.pause(ID, "me")
    look_around(house)
    assert states(house, house.project()) == ["running"]
    house.services.state.pauses.resume(ID)
    look_around(house)
    assert states(house, house.project()) == []
    assert states(second, house.project()) == ["running"]
    assert not [each for each in examine(house.services) if each.name == f"stack {ID}"]


def test_data_that_would_stay_behind_blocks_it_and_everything_runs_on(
    house: House, nas: House, second: SecondEngine
) -> None:
    house.stack(when_removed="down")
    pulled(house, STORED)
    before = house.lives()
    house.settle(worker="nas", docker_host=second.host)
    done = pulled(nas)
    assert (done["outcome"], done["reason"]) == ("blocked", "moved"), done
    assert f"there: a/data, {house.project()}_store;" in done["message"]
    look_around(house)
    assert house.lives() == before

    nas.services.state.adoptions.adopt(ID, "leave", "me")
    assert nas.ask()["outcome"] == "deployed"
    look_around(house)
    assert house.containers() == {}
    assert states(second, house.project()) == ["running"]
    assert any(each["Name"] == f"{house.project()}_store" for each in house.engine.client.volumes()["Volumes"])


def test_it_may_come_back(house: House, nas: House, second: SecondEngine) -> None:
    house.stack(when_removed="stop")
    pulled(house, PLAIN)
    house.settle(worker="nas", docker_host=second.host)
    pulled(nas)
    look_around(house)
    house.settle(worker="local", docker_host=DOCKER_HOST)
    assert pulled(house)["outcome"] == "deployed"
    assert states(house, house.project()) == ["running"]
    look_around(nas)
    assert states(second, house.project()) == ["exited"]
    assert pulled(house)["outcome"] == "unchanged"


def test_two_workers_of_one_engine_hand_it_over_with_its_data(house: House, nas: House) -> None:
    house.stack(when_removed="down")
    pulled(house, STORED)
    house.live("a/data/kept").write_text("1")
    house.settle(worker="nas")
    done = pulled(nas)
    assert (done["outcome"], done["reason"]) == ("blocked", "moved"), done
    nas.services.state.adoptions.adopt(ID, "move", "me")
    assert nas.ask()["outcome"] == "deployed"
    assert nas.seen("web", "/d/kept") == "1"
    assert nas.live("a/data/kept").read_text() == "1"
    before = nas.lives()
    look_around(house)
    assert nas.lives() == before
    assert remnants(house.services, "local") == ()


def test_a_worker_that_gets_another_name_deploys_nothing_anew(house: House) -> None:
    house.stack()
    pulled(house, STORED)
    before = house.lives()
    house.settle(worker="nas")
    house.services.close()
    house.worker = "nas"
    house.services = house.fresh_services()
    for _ in range(2):
        assert pulled(house)["outcome"] == "unchanged"
    assert house.lives() == before
    record = house.services.state.records.get(ID)
    assert record is not None
    assert record.worker == "nas"
