"""Containers that are no longer as the last deployment left them, and stacks that somebody has stopped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.worker_rig import eventually
from workers.deploy.drift import HEALS
from workers.deploy.retry import RETRY_MINUTES
from workers.reconcile.obstructed import try_due
from workers.reconcile.reconcile import reconcile

pytestmark = pytest.mark.docker

ID = "default/a"


def files(web: str = "sleep 1000") -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web=service(web), db=service("sleep 2000"))}


def deployed(house: House, **options: Any) -> dict[str, tuple[str, str]]:
    house.stack(**options)
    assert house.pull(files())["status"] == "succeeded"
    return house.lives()


def look(house: House) -> dict[str, Any]:
    """What happens every few minutes; the stack's row."""
    reconcile(house.services, "local")
    house.work()
    (row,) = house.services.state.rows([ID])
    return row


def reasons(house: House) -> list[str]:
    """Why the stack was deployed, each time, the last one first."""
    return [str(each.reason) for each in house.services.state.deployments.list(ID)]


def missing(house: House, web: str) -> None:
    house.docker("rm", "-f", web)


def stopped(house: House, web: str) -> None:
    house.docker("stop", "-t", "0", web)


def image_changed(house: House, web: str) -> None:
    by_hand(house, web, image=f"{house.project()}-other:1")


def configuration_changed(house: House, web: str) -> None:
    by_hand(house, web, label="0" * 64)


def replaced(house: House, web: str) -> None:
    by_hand(house, web)


def by_hand(house: House, web: str, image: str = "busybox:stable", label: str | None = None) -> None:
    """Somebody runs a container of his own in the place of the recorded one."""
    if image != "busybox:stable":
        house.docker("commit", web, image)
    found = house.engine.client.inspect_container(web)
    labels = dict(found["Config"]["Labels"])
    labels["com.docker.compose.config-hash"] = label or labels["com.docker.compose.config-hash"]
    options = [text for name, value in labels.items() for text in ("--label", f"{name}={value}")]
    name = found["Name"].removeprefix("/")
    house.docker("rm", "-f", web)
    house.docker("run", "-d", "--init", "--network", "host", "--name", name, *options, image, "sleep", "1234")


KINDS = [missing, stopped, replaced, image_changed, configuration_changed]
DRIFTED = {kind.__name__: kind for kind in KINDS}


def test_drift_of_any_kind_is_reported_ignored_or_healed_and_nothing_else_is_touched(house: House) -> None:
    house.stack(drift="report")
    services = {name: service() for name in DRIFTED} | {"db": service("sleep 2000"), "job": service("exit 0")}
    assert house.pull({"a/compose.yaml": compose(**services)})["status"] == "succeeded"
    before = house.lives()
    for name, kind in DRIFTED.items():
        kind(house, before[name][0])
    left = house.lives()
    assert look(house)["drift"] == {name: name for name in DRIFTED}
    assert house.lives() == left
    assert house.pull()["stacks"][ID]["outcome"] == "unchanged"
    assert house.lives() == left

    house.stack(drift="ignore")
    assert look(house)["drift"] is None
    assert house.lives() == left

    house.stack()
    row = look(house)
    assert row["status"] == "deployed"
    assert row["drift"] is None
    assert row["last_deployment"]["outcome"] == "deployed"
    after = house.lives()
    assert (after["db"], after["job"]) == (before["db"], before["job"])
    assert {name for name in DRIFTED if after[name] != before[name]} == DRIFTED.keys()
    assert {name: house.containers()[name].state for name in DRIFTED} == dict.fromkeys(DRIFTED, "running")
    # The definition of what was replaced is the same as far as anybody can see.
    assert {name for name in DRIFTED if house.command(name) != "sleep 1000"} <= {"replaced"}
    assert reasons(house) == ["drifted", "first_deploy"]
    assert look(house)["last_deployment"] == row["last_deployment"]
    assert house.lives() == after


def test_what_went_away_by_itself_and_ended_and_cleared_one_shots_are_no_drift(house: House) -> None:
    house.stack(drift="report")
    house.pull({"a/compose.yaml": compose(web=service(), db=service(), job=service("exit 0"))})
    before = house.lives()
    stopped(house, before["web"][0])
    assert look(house)["drift"] == {"web": "stopped"}
    house.docker("start", before["web"][0])
    house.docker("rm", before["job"][0])
    assert look(house)["drift"] is None
    assert "job" not in house.lives()


def test_what_lives_in_the_network_of_a_healed_service_comes_back_with_it(house: House) -> None:
    house.stack()
    tenant = service("sleep 3000", network_mode="service:web")
    house.pull({"a/compose.yaml": compose(web=service(), tenant=tenant, db=service("sleep 2000"))})
    before = house.lives()
    house.docker("rm", "-f", before["web"][0])
    assert look(house)["status"] == "deployed"
    after = house.lives()
    assert after["db"] == before["db"]
    assert after["tenant"] != before["tenant"]
    client = house.engine.client
    assert client.inspect_container(after["tenant"][0])["HostConfig"]["NetworkMode"] == f"container:{after['web'][0]}"


def test_a_stack_without_any_running_container_was_stopped_on_purpose(house: House) -> None:
    before = deployed(house)
    both = (before["web"][0], before["db"][0])
    house.docker("stop", "-t", "0", *both)
    resting = house.lives()
    assert (look(house)["status"], house.lives()) == ("stopped", resting)
    assert house.services.state.deployments.list(ID)[0].reason == "first_deploy"
    house.docker("start", *both)
    assert look(house)["status"] == "deployed"

    house.docker("stop", "-t", "0", *both)
    assert look(house)["status"] == "stopped"
    house.stack(when_stopped="start")
    assert look(house)["status"] == "deployed"
    assert {each.state for each in house.containers().values()} == {"running"}

    house.stack()
    house.docker("rm", "-f", *(identifier for identifier, _ in house.lives().values()))
    assert (look(house)["status"], house.lives()) == ("stopped", {})


def test_a_paused_stack_is_not_healed(house: House) -> None:
    before = deployed(house)
    house.services.state.pauses.pause(ID, "me", "work")
    missing(house, before["web"][0])
    row = look(house)
    assert (row["status"], row["drift"]) == ("paused", {"web": "missing"})
    assert "web" not in house.lives()
    house.services.state.pauses.resume(ID)
    assert look(house)["status"] == "deployed"
    assert "web" in house.lives()


@pytest.mark.parametrize("code", [0, 3])
def test_a_stack_that_has_ended_by_itself_was_stopped_by_nobody(house: House, code: int) -> None:
    house.stack()
    command = f"until test -e /flag/end; do sleep 0.1; done; exit {code}"
    house.pull({"a/compose.yaml": compose(job=service(command, volumes=["./flag:/flag"]))})
    before, end = house.lives(), house.live("a/flag/end")
    end.touch()
    eventually(lambda: house.containers()["job"].state == "exited", "its end")
    end.unlink()  # it would end again before it is found to be well
    assert look(house)["status"] == "deployed"
    assert (reasons(house)[0], house.lives() == before) == (("first_deploy", True) if code == 0 else ("drifted", False))
    end.touch()
    eventually(lambda: house.containers()["job"].state == "exited", "its end")
    done = house.pull({"a/compose.yaml": compose(job=service("sleep 1001"))})["stacks"][ID]
    assert (done["outcome"], done["reason"]) == ("deployed", "content_changed"), done
    assert house.command("job") == "sleep 1001"


def test_a_service_that_ends_well_when_it_is_told_to_was_stopped_all_the_same(house: House) -> None:
    house.stack()
    trap = "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"
    house.pull({"a/compose.yaml": compose(web=service(trap, stop_grace_period="30s"))})
    house.docker("stop", house.lives()["web"][0])
    assert house.containers()["web"].exit_code == 0
    assert look(house)["status"] == "stopped"
    done = house.pull({"a/compose.yaml": compose(web=service("sleep 1001"))})["stacks"][ID]
    assert (done["outcome"], done["reason"]) == ("skipped", "stopped"), done


def test_a_version_that_was_rolled_back_is_left_alone_and_the_deployed_one_is_healed(house: House) -> None:
    deployed(house)
    assert house.pull(files(web="exit 3"))["stacks"][ID]["outcome"] == "rolled_back"
    before, hold = house.lives(), house.services.state.holds.get(ID)
    for _ in range(2):
        row = look(house)
        assert (row["status"], row["drift"]) == ("rolled_back", None)
    assert reasons(house) == ["content_changed", "first_deploy"]
    assert house.lives() == before
    assert house.services.state.holds.get(ID) == hold

    missing(house, before["web"][0])
    for _ in range(2):
        row = look(house)
        assert (row["status"], row["drift"]) == ("rolled_back", None)
    assert reasons(house) == ["drifted", "content_changed", "first_deploy"]
    assert house.command("web") == "sleep 1000"
    assert house.lives()["db"] == before["db"]
    assert house.services.state.holds.get(ID) == hold
    assert house.pull()["stacks"][ID]["reason"] == "failed_before"

    assert house.pull({"a/compose.yaml": "services: ["})["stacks"][ID]["outcome"] == "invalid"
    missing(house, house.lives()["web"][0])
    look(house)
    assert house.command("web") == "sleep 1000"
    assert look(house)["status"] == "invalid"
    assert house.lives()["db"] == before["db"]

    assert house.pull(files(web="sleep 1001"))["stacks"][ID]["outcome"] == "deployed"
    assert house.services.state.holds.get(ID) is None
    assert look(house)["status"] == "deployed"


def test_a_version_that_cannot_be_healed_is_held_beside_the_newer_one(house: House) -> None:
    web = service("mkdir /data/once && sleep 1000", volumes=["./data:/data"])
    house.stack()
    house.pull({"a/compose.yaml": compose(web=web, db=service("sleep 2000"))})
    bad = {"a/compose.yaml": compose(web=web, db=service("exit 3"))}
    assert house.pull(bad)["stacks"][ID]["outcome"] == "rolled_back"
    missing(house, house.lives()["web"][0])
    for _ in range(3):
        look(house)
    assert reasons(house) == ["drifted", "content_changed", "first_deploy"]
    assert house.pull()["stacks"][ID]["reason"] == "failed_before"


def test_healing_that_failed_is_tried_again_in_time_and_is_no_fault_of_the_content(house: House) -> None:
    house.stack()
    web = service("test ! -e /data/broken && sleep 1000", volumes=["./data:/data"])
    house.pull({"a/compose.yaml": compose(web=web, db=service("sleep 2000"))})
    (house.live("a/data/broken")).write_text("")
    missing(house, house.lives()["web"][0])
    for _ in range(2):
        row = look(house)
        assert (row["status"], row["held"]["retry_at"] > row["held"]["at"]) == ("failed", True), row
    assert len(reasons(house)) == 2
    due = datetime.fromisoformat(row["held"]["retry_at"])
    assert due - datetime.fromisoformat(row["held"]["at"]) == timedelta(minutes=RETRY_MINUTES[0])

    (house.live("a/data/broken")).unlink()
    assert try_due(house.services, due) == (ID,)
    house.work()
    (row,) = house.services.state.rows([ID])
    assert (row["status"], row["held"], house.containers()["web"].state) == ("deployed", None, "running")
    assert try_due(house.services, due + timedelta(days=1)) == ()


def test_what_had_drifted_before_a_rollback_is_drift_still(house: House) -> None:
    before = deployed(house, drift="report")
    by_hand(house, before["db"][0])
    assert house.pull(files(web="exit 3"))["stacks"][ID]["outcome"] == "rolled_back"
    assert look(house)["drift"] == {"db": "replaced"}


def test_containers_that_a_rollback_has_made_are_known_to_a_redis_that_missed_them(house: House) -> None:
    deployed(house)
    stale = house.services.state.records.get(ID)
    assert stale is not None
    house.pull(files(web="exit 3"))
    before = house.lives()
    house.services.state.records.put(ID, stale, None)
    for _ in range(2):
        row = look(house)
    assert (row["drift"], house.lives()) == (None, before)
    assert house.services.state.records.get(ID) == house.services.state.journal.load(ID).record


def test_what_dies_again_and_again_is_not_brought_back_for_ever(house: House) -> None:
    before = deployed(house)
    for _ in range(HEALS):
        missing(house, house.lives()["web"][0])
        assert (look(house)["status"], reasons(house)[0]) == ("deployed", "drifted")
    missing(house, house.lives()["web"][0])
    for _ in range(2):
        row = look(house)
        assert (row["status"], row["drift"], "web" in house.lives()) == ("failed", {"web": "missing"}, False)
    assert len(reasons(house)) == HEALS + 2
    assert f"brought back {HEALS} times" in row["last_deployment"]["message"]
    assert house.lives()["db"] == before["db"]
    assert house.ask()["reason"] == "retried"
    missing(house, house.lives()["web"][0])
    assert look(house)["status"] == "deployed"
