"""A folder, an entry or an environment gets another name: the application goes on, and no empty twin of it is begun."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, in_a_child, service, yaml_of
from tests.releases import STRIDE
from workers.commands.plan import explain_named, plan
from workers.deploy.transaction.steps import Step
from workers.model.words import Trigger
from workers.reconcile.reconcile import reconcile
from workers.reconcile.requests import request_adoption

pytestmark = pytest.mark.docker

OLD, NEW = "default/old", "default/new"


def files(folder: str, command: str = "sleep 1000", **more: Any) -> dict[str, str | None]:
    """A stack with a volume, data of its own, a mounted file of Git, and a file that reaches nobody."""
    web = service(command, volumes=["store:/v", "./data:/d", "./app.conf:/app.conf"], **more)
    model = {"services": {"web": web}, "volumes": {"store": {}}}
    return {f"{folder}/compose.yaml": yaml_of(model), f"{folder}/app.conf": "1", f"{folder}/README": "x"}


def moved(old: str, new: str, **more: Any) -> dict[str, str | None]:
    return dict.fromkeys(files(old), None) | files(new, **more)


def result(run: dict[str, Any], stack: str) -> tuple[str, str] | None:
    found = run["stacks"].get(stack)
    return found and (found["outcome"], found["reason"])


def decide(house: House, **decision: Any) -> dict[str, Any]:
    run = request_adoption(house.services, NEW, who="me", trigger=Trigger.CLI, **decision)
    house.work()
    ended = house.services.state.runs.get(run)
    assert ended is not None
    return dict(ended.to_json()["stacks"][NEW])


def live(house: House, name: str) -> Path:
    return house.folder / "data/stacks/default" / name


def settled(house: House) -> None:
    """Nothing is left of the old name, and nothing is to be done about the new one."""
    state = house.services.state
    assert OLD not in state.records.known()
    assert not state.journal.exists(OLD)
    journal = state.journal.load(NEW)
    assert journal.carried is None
    assert journal.record == state.records.get(NEW)
    assert set(house.services.clone("r").pins()) >= {f"deployed/{NEW}"}
    assert not any(pin.endswith(OLD) for pin in house.services.clone("r").pins())
    run = house.pull()
    assert result(run, NEW) == ("unchanged", "unchanged")
    assert OLD not in run["stacks"]
    reconcile(house.services, "local")
    house.work()
    assert house.services.state.records.status(NEW).drift == {}


def killed_while_carrying(house: House, number: int) -> bool:
    """Pull in a child that is killed as the n-th part of carrying over begins; whether it came that far."""
    seen = -1

    def observer(step: Step) -> None:
        nonlocal seen
        seen += step is Step.CARRY
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def act() -> None:
        house.services = house.fresh_services(at_step=observer)
        house.pull()

    return in_a_child(act)


# What is to become of a stack that is gone is no matter where it goes on; taking it down would be the worst.
@pytest.mark.parametrize("policy", ["down", pytest.param("keep", marks=pytest.mark.thorough)])
def test_a_folder_with_another_name_goes_on_with_its_project_directory_and_containers(
    house: House, policy: str
) -> None:
    house.discover(when_removed=policy)
    house.pull(files("old"))
    (live(house, "old") / "old/data/kept").write_text("1")
    (live(house, "old") / "old/.env").write_text("A=1\n")
    house.pull({"README": "x"})
    house.services.state.pauses.pause(OLD, "me")
    house.services.state.pauses.resume(OLD)
    before = house.lives("old")

    house.commit(moved("old", "new"))
    foreseen = {each.stack: (each.action, each.reason) for each in plan(house.services)}
    assert foreseen == {NEW: ("none", "renamed")}
    run = house.pull()
    assert result(run, NEW) == ("deployed", "renamed"), run["stacks"]
    assert run["status"] == "succeeded"
    assert house.services.state.rows([NEW])[0]["status"] == "deployed"
    assert house.lives("old") == before
    assert house.services.stacks.find(NEW).project == house.project("old")
    assert explain_named(house.services, "new")["renamed_from"] == OLD
    settled(house)
    assert house.lives("old") == before
    assert house.lives("new") == {}

    # What comes later finds the data, whether it restarts or makes anew.
    run = house.pull({"new/app.conf": "2"})
    assert result(run, NEW) == ("deployed", "content_changed")
    assert house.seen("web", "/app.conf", "old") == "2"
    assert house.seen("web", "/d/kept", "old") == "1"
    run = house.pull(files("new", "sleep 2000"))
    assert result(run, NEW) == ("deployed", "content_changed"), run["stacks"]
    assert house.command("web", "old") == "sleep 2000"
    assert house.seen("web", "/d/kept", "old") == "1"
    assert result(house.pull(files("new", "exit 3")), NEW) == ("rolled_back", "content_changed")
    assert house.seen("web", "/d/kept", "old") == "1"
    assert house.command("web", "old") == "sleep 2000"

    house.services.state.redis.flushall()
    reconcile(house.services, "local")
    house.work()
    assert house.services.stacks.find(NEW).project == house.project("old")
    assert house.lives("new") == {}


def test_an_entry_and_an_environment_with_another_name_go_on(house: House) -> None:
    house.stack("old", path="app", project=house.project("old"))
    house.pull(files("app"))
    before = house.lives("old")
    house.forget("old")
    house.stack("new", path="app", project=house.project("old"))
    assert result(house.pull({"README": "of no stack"}), NEW) == ("deployed", "renamed")
    assert house.services.state.rows([NEW])[0]["status"] == "deployed"
    assert house.lives("old") == before
    settled(house)

    catalog = house.folder / "tegu.yaml"
    catalog.write_text(catalog.read_text() + "environments: {production: {variables: {UNUSED: x}}}\n")
    run = house.pull()
    assert result(run, "production/new") == ("deployed", "renamed"), run["stacks"]
    assert house.lives("old") == before
    assert (house.folder / "data/stacks/production/new").resolve() == live(house, "old")
    run = house.pull(files("app", "sleep 2000"))
    assert result(run, "production/new") == ("deployed", "content_changed")
    assert house.command("web", "old") == "sleep 2000"


def test_what_may_be_the_same_and_has_data_is_not_begun_anew_before_somebody_decides(house: House) -> None:
    house.discover(when_removed="down")
    house.pull(files("old"))
    (live(house, "old") / "old/data/kept").write_text("1")
    before = house.lives("old")
    changed = moved("old", "new", command="sleep 2000")
    house.commit(changed)
    (foreseen,) = plan(house.services)
    run = house.pull()
    assert result(run, NEW) == ("blocked", "moved")
    assert (foreseen.reason, foreseen.message) == ("moved", run["stacks"][NEW]["message"])
    assert f"`tegu adopt {NEW} --from {OLD}`" in run["stacks"][NEW]["message"]
    assert f"`tegu adopt {NEW} --data leave`" in run["stacks"][NEW]["message"]
    assert result(house.pull(), NEW) == ("blocked", "moved")
    assert house.lives("old") == before
    assert house.lives("new") == {}

    done = decide(house, source="old")
    assert (done["outcome"], done["reason"]) == ("deployed", "content_changed"), done
    assert house.command("web", "old") == "sleep 2000"
    assert house.seen("web", "/d/kept", "old") == "1"
    settled(house)


def test_somebody_may_begin_anew(house: House) -> None:
    house.discover(when_removed="down")
    house.pull(files("old"))
    house.pull(moved("old", "new", command="sleep 2000"))
    done = decide(house, data="leave")
    assert done["outcome"] == "deployed", done
    assert house.command("web", "new") == "sleep 2000"
    assert result(house.pull(), OLD) == ("removed", "removed")
    assert house.lives("old") == {}


def test_what_has_no_data_or_nothing_in_common_is_a_stack_of_its_own(house: House) -> None:
    house.discover()
    house.pull(
        {"old/compose.yaml": compose(web=service("sleep 1000"))} | {f"b{k[1:]}": v for k, v in files("b").items()}
    )
    run = house.pull(
        {"old/compose.yaml": None, "new/compose.yaml": compose(web=service("sleep 2000"))}
        | dict.fromkeys(files("b"), None)
        | {"other/compose.yaml": compose(else_=service("sleep 3000", image="busybox:latest"))}
    )
    assert result(run, NEW) == ("deployed", "first_deploy"), run["stacks"]
    assert run["stacks"]["default/other"]["reason"] != "moved"


def test_two_of_the_same_leave_a_choice(house: House) -> None:
    house.discover()
    house.pull(files("old"))
    run = house.pull(moved("old", "new") | files("newer"))
    assert result(run, NEW) == result(run, "default/newer") == ("blocked", "moved")
    assert decide(house, source=OLD)["reason"] == "renamed"
    assert result(house.pull(), "default/newer") == ("deployed", "first_deploy")


def test_a_stack_that_gets_the_old_name_again_does_not_get_the_directory(house: House) -> None:
    house.discover()
    house.pull(files("old"))
    house.pull(moved("old", "new"))
    before = house.lives("old")
    run = house.pull({"old/compose.yaml": compose(other=service("sleep 3000"))})
    assert result(run, OLD) == ("invalid", "invalid")
    assert "has the Compose project" in run["stacks"][OLD]["message"]
    house.stack("old", project=house.project("older"))
    run = house.pull()
    assert result(run, OLD) == ("blocked", "blocked"), run["stacks"]
    assert f"its directory is that of {NEW}" in run["stacks"][OLD]["message"]
    assert house.lives("old") == before


@pytest.mark.parametrize("number", range(0, 10, STRIDE))
def test_it_goes_on_wherever_it_was_killed(house: House, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    house.discover(when_removed="down")
    house.pull(files("old"))
    (live(house, "old") / "old/data/kept").write_text("1")
    before = house.lives("old")
    house.commit(moved("old", "new"))

    assert killed_while_carrying(house, number)
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0)
    house.published.messages.clear()
    reconcile(house.services, "local")
    house.work()
    house.pull()
    assert house.lives("old") == before
    settled(house)
    place = house.services.state.discovered.get(NEW)
    assert place is not None
    assert place.project == house.project("old")
    assert (live(house, "new") / "new/data/kept").read_text() == "1"
    assert (live(house, "old") / "old").is_symlink()
