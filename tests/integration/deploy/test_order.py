"""Stacks that come after others: they wait for those that change, and do not begin when these fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, in_a_child, service
from workers.adapters.state.outgoing import NobodyTakes
from workers.adapters.state.state import State
from workers.adapters.state.waiting_for_others import Released
from workers.model.words import Trigger
from workers.reconcile.reconcile import publish_lost
from workers.reconcile.requests import request_deploy, request_pull

pytestmark = pytest.mark.docker


def files(*names: str, command: str = "sleep 1000") -> dict[str, str | None]:
    return {f"{name}/compose.yaml": compose(main=service(command)) for name in names}


def outcomes(run: dict[str, Any]) -> dict[str, str]:
    return {stack.removeprefix("default/"): result["outcome"] for stack, result in run["stacks"].items()}


def started(house: House, name: str) -> str:
    return house.containers(name)["main"].started_at


NAMES = ("app", "web", "db", "other")


@pytest.fixture(scope="module")
def first(lasting: House) -> dict[str, Any]:
    """`app` comes after `db`, `web` after `app`; `other` stands alone. The run that deployed them, and since when."""
    lasting.stack("app", after=["db"])
    lasting.stack("web", after=["app"])
    lasting.stack("db")
    lasting.stack("other")
    run = lasting.pull(files(*NAMES))
    return {"run": run, "since": {name: started(lasting, name) for name in NAMES}}


@pytest.fixture
def street(lasting: House, first: dict[str, Any]) -> House:
    """All four as they were deployed first, whatever came before; what has failed there is not tried again."""
    del first
    assert set(outcomes(lasting.pull(files(*NAMES))).values()) <= {"deployed", "unchanged"}
    return lasting


def test_stacks_of_one_push_are_deployed_in_their_order(first: dict[str, Any]) -> None:
    run, since = first["run"], first["since"]
    assert outcomes(run) == dict.fromkeys(NAMES, "deployed")
    assert run["status"] == "succeeded"
    assert since["db"] < since["app"] < since["web"]


def test_a_failed_stack_blocks_those_behind_it_and_nobody_else(street: House) -> None:
    house = street
    before = {name: house.lives(name) for name in ("app", "web")}

    changed = files("app", "web", "other", command="sleep 1001")
    run = house.pull({**changed, **files("db", command="exit 3")})
    assert outcomes(run) == {"app": "blocked", "web": "blocked", "db": "rolled_back", "other": "deployed"}
    assert run["status"] == "failed"
    assert run["stacks"]["default/app"]["message"] == "comes after default/db, which was rolled back"
    assert {name: house.lives(name) for name in ("app", "web")} == before

    again = house.pull()
    assert outcomes(again) == {"app": "skipped", "web": "skipped", "db": "skipped", "other": "unchanged"}
    assert again["status"] == "succeeded"
    assert {row["stack"]: row["status"] for row in house.services.state.rows()} == {
        "default/app": "blocked",
        "default/web": "blocked",
        "default/db": "rolled_back",
        "default/other": "deployed",
    }

    mended = house.pull(files("db", command="sleep 1001"))
    assert outcomes(mended) == {"app": "deployed", "web": "deployed", "db": "deployed", "other": "unchanged"}
    assert started(house, "db") < started(house, "app") < started(house, "web")


def test_an_unchanged_stack_delays_nobody_and_is_blocked_by_nobody(street: House) -> None:
    house = street
    run = house.pull(files("web", command="sleep 1001"))
    assert outcomes(run)["web"] == "deployed"
    run = house.pull(files("db", command="exit 4"))
    assert outcomes(run) == {"app": "unchanged", "web": "unchanged", "db": "rolled_back", "other": "unchanged"}


def test_a_stack_waits_for_what_an_unchanged_one_comes_after(street: House) -> None:
    house = street
    run = house.pull({**files("db", command="exit 5"), **files("web", command="sleep 1001")})
    assert outcomes(run) == {"app": "unchanged", "web": "blocked", "db": "rolled_back", "other": "unchanged"}


def test_an_invalid_stack_blocks_those_behind_it(street: House) -> None:
    run = street.pull({**files("app", "web", "other", command="sleep 1002"), "db/compose.yaml": "services: ["})
    assert outcomes(run) == {"app": "blocked", "web": "blocked", "db": "invalid", "other": "deployed"}


def test_whoever_asks_for_several_gets_them_in_their_order(street: House) -> None:
    house = street
    run = request_deploy(house.services, ["web", "app", "db"], force=True, trigger=Trigger.CLI, who="me@here")
    house.work()
    shown = house.services.state.runs.get(run)
    assert shown is not None
    assert outcomes(shown.to_json()) == dict.fromkeys(("app", "web", "db"), "deployed")
    assert {result.reason for result in shown.stacks.values()} == {"forced"}
    for name in ("web", "app", "db"):
        deployment = house.services.state.deployments.list(f"default/{name}", 1)[0]
        assert (deployment.run, deployment.trigger, deployment.who) == (run, "cli", "me@here")
    assert started(house, "db") < started(house, "app") < started(house, "web")


def killed_in_place_of_publishing(house: House) -> bool:
    """Do what was published, but be killed where a stack may go on whose last predecessor has ended."""

    class Killing(NobodyTakes):
        def released(self, stacks: Sequence[Released]) -> None:  # noqa: ARG002
            os.kill(os.getpid(), signal.SIGKILL)

    def act() -> None:
        state = house.services.state
        house.services = house.fresh_services(state=State(state.redis, state.data_dir, Killing))
        house.work()

    return in_a_child(act)


def test_killed_before_it_could_publish_who_comes_next_it_is_published_again_and_deployed_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.stack("app", after=["db"])
    house.stack("db")
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0)
    house.commit(files("app", "db"))
    run, _ = request_pull(house.services, "r", Trigger.WEBHOOK)

    assert killed_in_place_of_publishing(house)
    house.published.messages.clear()
    state = house.services.state
    shown = state.runs.get(run)
    assert shown is not None
    assert outcomes(shown.to_json()) == {"app": None, "db": "deployed"}

    # The worker's other processes, its successor and another reconcile may all look at the same time.
    assert publish_lost(house.services, "local") == 1
    assert publish_lost(house.services, "local") == 0
    house.published.messages *= 2
    house.work()
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, outcomes(shown.to_json())) == ("succeeded", {"app": "deployed", "db": "deployed"})
    assert {name: len(state.deployments.list(f"default/{name}")) for name in ("app", "db")} == {"app": 1, "db": 1}
    assert publish_lost(house.services, "local") == 0


def test_a_forced_one_is_forced_when_it_is_published_again_and_what_was_done_is_not_done_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.stack("app", after=["db"])
    house.stack("db")
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0)
    house.pull(files("app", "db"))
    run = request_deploy(house.services, ["app", "db"], force=True, trigger=Trigger.CLI)
    assert killed_in_place_of_publishing(house)
    done = house.lives("db")

    # The killed worker's task is delivered again, and reconcile looks for what was lost.
    assert len(house.published.messages) == 1
    assert publish_lost(house.services, "local") == 1
    house.work()
    shown = house.services.state.runs.get(run)
    assert shown is not None
    assert outcomes(shown.to_json()) == {"app": "deployed", "db": "deployed"}
    assert {result.reason for result in shown.stacks.values()} == {"forced"}
    assert house.lives("db") == done
