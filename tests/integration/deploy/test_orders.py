"""What people order: back to an earlier deployment, a deployment stopped, a running project taken over."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from workers import orders
from workers.errors import UserError
from workers.model import Trigger
from workers.stacks import find_stack

pytestmark = pytest.mark.docker

STACK = "default/a"
DB = service("sleep 2000")


def version(number: int) -> dict[str, str | None]:
    web = service(f"sleep {1000 + number}", volumes=["./conf:/conf:ro"])
    return {"a/compose.yaml": compose(web=web, db=DB), "a/conf/app.ini": str(number)}


def roll_back(house: House, to: str | None = None, hold: orders.Hold = "until_release") -> dict[str, Any]:
    """Order it, and do what the worker's task then does."""
    run = orders.request_rollback(house.services, "a", to=to, hold=hold, who="me", trigger=Trigger.CLI)
    return house.carry_out(run)


# ---------------------------------------------------------------- rollback by hand


def test_a_rollback_by_hand_goes_to_the_last_good_deployment_and_stays_until_it_is_released(house: House) -> None:
    house.stack()
    first = house.push(version(1))["commit"]
    before = house.lives()
    newest = house.push(version(2))["commit"]

    done = roll_back(house)

    assert (done["outcome"], done["reason"], done["commit"]) == ("deployed", "rollback", first), done
    assert house.command("web") == "sleep 1001"
    assert house.seen("web", "/conf/app.ini") == "1"
    assert house.lives()["db"] == before["db"]
    (row,) = house.services.state.rows([STACK])
    assert (row["status"], row["deployed_commit"], row["latest_commit"]) == ("deployed", first, newest)
    assert (row["pinned"]["commit"], row["pinned"]["who"]) == (first, "me")

    after = house.lives()
    assert (house.look()["outcome"], house.look()["reason"]) == ("skipped", "pinned")
    done = house.push(version(3))
    assert (done["outcome"], done["reason"]) == ("skipped", "pinned"), done
    assert "tegu resume a" in str(done["message"])
    assert (house.ask()["reason"], house.lives()) == ("pinned", after)

    assert orders.release(house.services, find_stack(house.services, "a")) == ("pin",)
    done = house.look()
    assert (done["outcome"], house.command("web")) == ("deployed", "sleep 1003"), done
    assert house.look()["outcome"] == "unchanged"


def test_a_rollback_until_the_next_push_ends_with_one_that_changes_the_stack(house: House) -> None:
    house.stack()
    first = house.push(version(1))["commit"]
    house.push(version(2))
    assert roll_back(house, to=str(first)[:10], hold="until_push")["outcome"] == "deployed"
    assert house.push({"README.md": "of no stack"})["reason"] == "pinned"
    assert house.command("web") == "sleep 1001"
    done = house.push(version(3))
    assert (done["outcome"], done["reason"]) == ("deployed", "content_changed"), done
    assert house.command("web") == "sleep 1003"
    assert house.services.state.pins.get(STACK) is None


def test_a_rollback_that_fails_leaves_what_runs_and_no_pin(house: House) -> None:
    house.stack(health={"timeout": "20s", "settle": "1s"}, rollback=True)
    bad = house.fetch({"a/compose.yaml": compose(web=service("exit 3"), db=DB)})
    house.push(version(1))
    house.push(version(2))
    done = roll_back(house, to=bad)
    assert (done["outcome"], done["reason"]) == ("rolled_back", "rollback"), done
    assert house.command("web") == "sleep 1002"
    assert house.services.state.pins.get(STACK) is None
    assert house.look()["outcome"] == "unchanged"


def test_a_rollback_to_no_commit_fails_and_touches_nothing(house: House) -> None:
    house.stack()
    house.push(version(1))
    before = house.lives()
    done = roll_back(house, to="0123456789")
    assert (done["outcome"], done["reason"]) == ("failed", "rollback"), done
    assert "0123456789" in str(done["message"])
    assert house.lives() == before
    assert house.look()["outcome"] == "unchanged"


def test_without_an_earlier_good_deployment_there_is_nothing_to_roll_back_to(house: House) -> None:
    house.stack()
    house.push(version(1))
    with pytest.raises(UserError, match="no earlier good deployment"):
        roll_back(house)
    assert house.services.state.pins.get(STACK) is None


def test_a_rollback_works_after_history_was_rewritten_and_redis_was_emptied(house: House) -> None:
    house.stack()
    first = house.push(version(1))["commit"]
    house.push(version(2))
    house.source.git("checkout", "-q", "--orphan", "anew")
    house.source.git("branch", "-D", "main")
    house.source.git("branch", "-m", "main")
    assert house.push(version(3))["outcome"] == "deployed"
    house.services.clone("r").collect_garbage(force=True)
    house.services.state.redis.flushall()
    house.look()
    assert roll_back(house)["outcome"] == "deployed"
    assert house.command("web") == "sleep 1002"
    assert roll_back(house, to=str(first))["outcome"] in {"deployed", "failed"}  # Git may have forgotten it by now


def test_a_rollback_that_was_killed_goes_on_at_the_next_look(house: House) -> None:
    house.stack()
    first = house.push(version(1))["commit"]
    house.push(version(2))
    orders.request_rollback(house.services, "a", who="me", trigger=Trigger.CLI)
    done = house.look()  # not the task that was published for it
    assert (done["outcome"], done["reason"], done["commit"]) == ("deployed", "rollback", first), done


def test_drift_of_a_pinned_stack_is_healed_to_what_it_was_rolled_back_to(house: House) -> None:
    house.stack()
    house.push(version(1))
    house.push(version(2))
    roll_back(house)
    house.docker("rm", "-f", house.lives()["web"][0])
    house.services.state.records.set_status(STACK, drift={"web": "missing"})
    done = house.look()
    assert (done["outcome"], done["reason"]) == ("deployed", "drifted"), done
    assert house.command("web") == "sleep 1001"
    assert house.services.state.pins.get(STACK) is not None


def test_a_paused_stack_is_not_rolled_back(house: House) -> None:
    house.stack()
    house.push(version(1))
    house.push(version(2))
    house.services.state.pauses.pause(STACK, "me", "holidays")
    assert roll_back(house)["reason"] == "paused"
    assert (house.command("web"), house.services.state.pins.get(STACK)) == ("sleep 1002", None)


# ---------------------------------------------------------------- cancel


def cancelled_while(house: House, step: str) -> dict[str, Any]:
    """Look, and order a stop as soon as the deployment's log shows this."""
    found: dict[str, Any] = {}

    def stop() -> None:
        services = house.fresh_services()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            newest = services.state.deployments.list(STACK, 1)
            lines = services.state.deployments.read_log(newest[0]["id"]) if newest else []
            if newest[0]["status"] == "running" and any(step in line for _, line in lines):
                found.update(orders.request_cancel(services, newest[0]["id"], who="me"))
                break
            time.sleep(0.05)
        services.close()

    thread = threading.Thread(target=stop)
    thread.start()
    done = house.look()
    thread.join()
    assert found["deployment"] == done["deployment"]
    return done


def test_a_deployment_cancelled_before_the_switch_touches_nothing(house: House) -> None:
    house.stack()
    built = {**service("sleep 1000"), "build": "ctx"}
    del built["image"]
    docker = "FROM busybox:stable\nRUN sleep 30\n"
    house.push(version(1))
    before = house.lives()
    house.fetch({"a/compose.yaml": compose(web=built, db=DB), "a/ctx/Dockerfile": docker})
    began = time.monotonic()
    done = cancelled_while(house, "docker compose build")
    assert time.monotonic() - began < 20
    assert (done["outcome"], done["message"]) == ("cancelled", "cancelled before anything was touched, by me"), done
    assert house.lives() == before
    assert house.live("a/conf/app.ini").read_text() == "1"
    again = house.look()
    assert (again["outcome"], again["reason"]) == ("skipped", "failed_before"), again
    assert "cancelled" in str(again["message"])


@pytest.mark.parametrize(
    ("more", "step"),
    [
        ({"health": {"timeout": "60s", "settle": "8s"}}, "docker compose up"),
        ({"hooks": {"pre_deploy": [["sleep", "40"]]}}, "$ sleep 40"),
    ],
    ids=["while it waits until the stack is healthy", "in a hook"],
)
def test_a_deployment_cancelled_after_the_switch_is_taken_back(house: House, more: dict[str, Any], step: str) -> None:
    house.stack()
    first = house.push(version(1))
    before = house.lives()
    house.stack(**more)
    house.fetch(version(2))
    done = cancelled_while(house, step)
    assert done["outcome"] == "cancelled", done
    assert "by me" in str(done["message"])
    assert house.command("web") == "sleep 1001"
    assert house.live("a/conf/app.ini").read_text() == "1"
    assert house.lives()["db"] == before["db"]
    record = house.services.state.records.get(STACK)
    assert record is not None
    assert record["commit"] == first["commit"]


def test_what_waits_for_its_turn_is_cancelled_at_once(house: House) -> None:
    house.stack()
    house.push(version(1))
    house.fetch(version(2))
    state = house.services.state
    run = state.runs.create("r", Trigger.WEBHOOK, ())
    state.runs.plan(run, [(STACK, "")])
    assert orders.request_cancel(house.services, "a", who="me")["waiting"] == [run]
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown["status"], shown["stacks"][STACK]["outcome"]) == ("succeeded", "cancelled")
    with pytest.raises(UserError, match="nothing of default/a is under way"):
        orders.request_cancel(house.services, "a", who="me")


def test_a_deployment_that_has_ended_cannot_be_cancelled(house: House) -> None:
    house.stack()
    done = house.push(version(1))
    with pytest.raises(UserError, match="not under way any more: deployed"):
        orders.request_cancel(house.services, str(done["deployment"]), who="me")
