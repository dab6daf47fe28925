"""Stacks that are gone from the catalog or from the repository: kept, stopped or taken down, and back again."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from tests.integration.deploy.house import LINK, House, compose, service, yaml_of
from workers.model.errors import UserError
from workers.model.words import Trigger
from workers.reconcile.forget import request_forget
from workers.reconcile.reconcile import reconcile

pytestmark = pytest.mark.docker

ID = "default/a"
WEB = service("date > /v/it; sleep 1000", volumes=["store:/v", "./data:/d"])
A: dict[str, str | None] = {"a/compose.yaml": yaml_of({"services": {"web": WEB}, "volumes": {"store": {}}})}
B: dict[str, str | None] = {"b/compose.yaml": compose(web=service("sleep 2000"))}
NO_A: dict[str, str | None] = {"a/compose.yaml": None}


def row(house: House, stack: str = ID) -> dict[str, Any]:
    return house.services.state.rows([stack])[0]


def states(house: House, name: str = "a") -> dict[str, str]:
    return {service: each.state for service, each in house.containers(name).items()}


def result(run: dict[str, Any], stack: str = ID) -> tuple[str, str, str] | None:
    found = run["stacks"].get(stack)
    return found and (found["outcome"], found["reason"], found["action"])


def has_volume(house: House) -> bool:
    return any(each["Name"] == f"{house.project()}_store" for each in house.engine.client.volumes()["Volumes"])


EXPECTED = {"keep": ({"web": "running"}, "none"), "stop": ({"web": "exited"}, "remove"), "down": ({}, "remove")}


# How it is found to be gone and what is done about it know nothing of each other: each is tried once, with one another.
WAYS = [("folder", "keep"), ("catalog", "stop"), ("discovered", "down")]
OTHER_WAYS = [way for way in product(("folder", "catalog", "discovered"), EXPECTED) if way not in WAYS]


@pytest.mark.parametrize(
    ("how", "policy"), [*WAYS, *(pytest.param(*way, marks=pytest.mark.thorough) for way in OTHER_WAYS)]
)
def test_a_stack_that_is_gone_is_treated_as_its_policy_says_until_it_is_back(
    house: House, how: str, policy: str
) -> None:
    if how == "discovered":
        house.discover(when_removed=policy)
    else:
        house.stack("a", when_removed=policy)
        house.stack("b")
    first = house.pull({**A, **B})
    assert first["status"] == "succeeded", first["stacks"][ID].get("message")
    before, other = house.lives(), house.lives("b")

    if how == "catalog":
        house.forget("a")
        run = house.pull({"README.md": "x"})
    else:
        run = house.pull(NO_A)

    expected, action = EXPECTED[policy]
    assert result(run) == ("removed", "removed", action)
    assert run["status"] == "succeeded"
    assert states(house) == expected
    assert has_volume(house)
    assert house.live("a/data").is_dir()
    assert house.lives("b") == other
    assert row(house)["status"] == "removed"
    assert policy in row(house)["last_decision"]["message"]
    if policy == "keep":
        assert house.lives() == before

    again = house.pull()
    assert again["status"] == "succeeded"
    assert result(again) in {None, ("skipped", "removed", "none")}
    assert states(house) == expected
    assert row(house)["status"] == "removed"

    if how == "catalog":
        house.stack("a", when_removed=policy)
        back = house.pull()
    else:
        back = house.pull(A)
    assert row(house)["status"] == "deployed", back
    assert states(house) == {"web": "running"}
    if policy == "keep":
        assert house.lives() == before
    assert result(house.pull()) == ("unchanged", "unchanged", "none")


def test_neither_a_lost_redis_nor_a_failed_fetch_nor_a_deleted_branch_undeploys_anything(house: House) -> None:
    house.discover(when_removed="down")
    house.pull(A)
    before = house.lives()
    house.services.state.redis.flushall()
    reconcile(house.services, "local")
    house.work()
    assert house.lives() == before
    assert row(house)["status"] == "deployed"

    away = (house.source.path / ".git").rename(house.source.path / ".away")
    with pytest.raises(Exception, match="r"):
        house.pull()
    assert house.lives() == before
    away.rename(house.source.path / ".git")

    house.source.git("checkout", "-q", "-b", "elsewhere")
    house.source.git("branch", "-D", "main")
    assert house.pull()["status"] == "failed"
    house.services.state.redis.delete("tegu:discovered")
    house.pull()
    assert house.lives() == before
    assert row(house)["status"] == "deployed"


def test_a_folder_behind_a_symlink_is_not_gone(house: House) -> None:
    house.stack("a", path="link/a")
    real = "real/a/compose.yaml"
    assert result(house.pull({"link": f"{LINK}real", real: compose(web=service("sleep 1000"))})) is not None
    run = house.pull({real: compose(web=service("sleep 2000"))})
    assert result(run) == ("deployed", "content_changed", "up")


def test_a_stack_of_a_repo_that_is_gone_from_the_catalog_is_noticed_by_reconcile(house: House) -> None:
    house.stack("a", when_removed="stop")
    house.pull(A)
    house.empty_catalog()
    reconcile(house.services, "local")
    house.work()
    assert states(house) == {"web": "exited"}
    assert row(house)["status"] == "removed"


def test_a_policy_that_was_changed_since_the_last_deployment_counts(house: House) -> None:
    house.stack("a")
    house.pull(A)
    house.stack("a", when_removed="stop")
    reconcile(house.services, "local")
    house.work()
    house.forget("a")
    house.stack("b", paused=True)
    house.pull(B)
    assert states(house) == {"web": "exited"}


def test_a_project_that_another_stack_has_taken_over_is_left_to_it(house: House) -> None:
    house.stack("a", when_removed="down")
    house.pull({"a/compose.yaml": compose(web=service("sleep 2000"))})
    house.forget("a")
    house.stack("z", path="a", project=house.project("a"))
    run = house.pull({"a/compose.yaml": compose(web=service("sleep 3000"))})
    assert result(run) == ("removed", "removed", "none")
    assert "default/z" in run["stacks"][ID]["message"]
    assert result(run, "default/z") == ("deployed", "first_deploy", "up")
    assert house.command("web") == "sleep 3000"


def test_a_paused_stack_is_left_until_it_is_resumed(house: House) -> None:
    house.stack("a", when_removed="down")
    house.stack("b", paused=True)
    house.pull({**A, **B})
    house.services.state.pauses.pause(ID, "me")
    house.forget("a")
    assert result(house.pull()) == ("removed", "removed", "none")
    assert states(house) == {"web": "running"}
    house.services.state.pauses.resume(ID)
    assert result(house.pull()) == ("removed", "removed", "remove")
    assert states(house) == {}


def test_a_stack_whose_files_are_broken_is_taken_down_all_the_same(house: House) -> None:
    house.stack("a", when_removed="down")
    house.stack("b", paused=True)
    house.pull({**A, **B})
    house.live("a/compose.yaml").write_text("services: [")
    house.forget("a")
    assert result(house.pull()) == ("removed", "removed", "remove")
    assert states(house) == {}
    assert has_volume(house)
    assert "deployed/default/a" not in house.services.clone("r").pins()


def test_a_stack_that_is_gone_follows_what_the_defaults_say_later(house: House) -> None:
    house.discover()
    house.pull(A)
    assert result(house.pull(NO_A)) == ("removed", "removed", "none")
    house.discover(when_removed="stop")
    assert result(house.pull()) == ("removed", "removed", "remove")
    assert states(house) == {"web": "exited"}
    house.discover(when_removed="keep")
    assert result(house.pull()) is None  # nothing is started again, and what was stopped is remembered
    house.discover(when_removed="down")
    house.pull()
    assert states(house) == {}


def test_a_stack_that_said_itself_what_becomes_of_it_does_not_follow_the_defaults(house: House) -> None:
    house.stack("a", when_removed="stop")
    house.stack("b", paused=True)
    house.pull({**A, **B})
    house.forget("a")
    house.pull()
    house.defaults(when_removed="down")
    house.pull()
    assert states(house) == {"web": "exited"}


def forget(house: House, name: str = ID, *, down: bool = False) -> dict[str, Any]:
    run = request_forget(house.services, name, down=down, who="me", trigger=Trigger.CLI)
    house.work()
    ended = house.services.state.runs.get(run)
    assert ended is not None
    return ended.to_json()


def test_a_stack_that_is_gone_is_forgotten_on_order_and_its_data_stays(house: House) -> None:
    house.stack("a")
    house.stack("b", paused=True)
    house.pull({**A, **B, "a/.env": "X=1\n"})
    with pytest.raises(UserError, match="is not gone"):
        forget(house)
    house.live("a/data/kept").write_text("1")
    house.live("a/.env").write_text("X=2\n")
    house.forget("a")
    house.pull()

    house.services.state.pauses.pause(ID, "me")
    assert result(forget(house, down=True)) == ("blocked", "blocked", "none")
    assert states(house) == {"web": "running"}
    house.services.state.pauses.resume(ID)

    assert result(forget(house, down=True)) == ("removed", "removed", "remove")
    assert states(house) == {}
    assert has_volume(house)
    left = sorted(str(each.relative_to(house.live())) for each in house.live().rglob("*") if each.is_file())
    assert left == ["a/.env", "a/data/kept"]
    assert ID not in house.services.state.records.known()
    assert not house.services.state.journal.exists(ID)
    assert not house.services.clone("r").pins().keys() & {f"deployed/{ID}", f"previous/{ID}"}
    assert result(house.pull()) is None
    reconcile(house.services, "local")
    assert ID not in house.services.state.records.known()


def test_what_runs_of_a_forgotten_stack_goes_on_with_its_files(house: House) -> None:
    house.stack("a")
    house.stack("b", paused=True)
    house.pull({**A, **B})
    before = house.lives()
    house.forget("a")
    house.pull()
    assert result(forget(house)) == ("skipped", "removed", "none")
    assert house.lives() == before
    assert house.live("a/compose.yaml").exists()
    assert ID not in house.services.state.records.known()
    house.stack("a")  # and it may come back
    assert result(house.pull()) == ("deployed", "first_deploy", "up")


@pytest.mark.parametrize("redis_too", [False, True])
def test_forgetting_goes_on_after_a_kill(house: House, redis_too: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    house.stack("a")
    house.stack("b", paused=True)
    house.pull({**A, **B})
    house.forget("a")
    house.pull()
    request_forget(house.services, ID, down=True, who="me", trigger=Trigger.CLI)
    house.published.messages.clear()
    if redis_too:
        removed = house.services.state.records.status(ID).removed
        house.services.state.journal.update(ID, removed=removed)  # as its task begins
        house.services.state.redis.flushall()
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0.0)
    reconcile(house.services, "local")
    house.work()
    assert states(house) == {}
    assert ID not in house.services.state.records.known()


def test_what_a_failed_first_deployment_has_begun_is_not_lost_sight_of(house: House) -> None:
    house.discover()
    broken = compose(web=service("exit 3", restart="always"))
    house.pull({**B, "a/compose.yaml": broken})
    assert states(house) != {}
    house.pull(NO_A)
    assert row(house)["status"] == "removed"
    assert result(forget(house, down=True)) == ("removed", "removed", "remove")
    assert states(house) == {}
    assert ID not in house.services.state.records.known()
