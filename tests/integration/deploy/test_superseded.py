"""A fix is pushed while what it mends still waits to become healthy."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.integration.deploy.house import Files, House, compose, service
from workers.model.words import Trigger
from workers.services import Services

pytestmark = pytest.mark.docker

STACK = "default/a"
NEVER = {"test": ["CMD", "false"], "interval": "1s", "retries": 1000}
UNHEALTHY = {"test": ["CMD", "false"], "interval": "1s", "retries": 1}


def version(number: int, **more: object) -> dict[str, str | None]:
    web = service(f"sleep {1000 + number}", volumes=["./conf:/conf:ro"], **more)
    return {"a/compose.yaml": compose(web=web), "a/conf/app.ini": str(number)}


def pushed_while_it_waits(house: House, *pushes: Files) -> tuple[dict[str, Any], str]:
    """Look, and push one thing after the other once containers are there; how the look ended, and the last run."""
    found: list[str] = []

    def go_on(services: Services) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            newest = services.state.deployments.list(STACK, 1)[0]
            lines = services.state.deployments.read_log(newest.id)
            if newest.status == "running" and any("docker compose up" in line for _, line in lines):
                break
            time.sleep(0.05)
        for files in pushes:
            house.commit(files)
            services.clone("r").fetch(["main"])
            found.append(services.state.runs.create("r", Trigger.WEBHOOK, ("local",)))
            services.state.runs.plan(found[-1], [(STACK, "")])
            time.sleep(1.5)  # for a look or two

    services = house.fresh_services()
    thread = threading.Thread(target=go_on, args=[services])
    thread.start()
    done = house.look()
    thread.join()
    services.close()
    return done, found[-1]


@pytest.fixture
def waiting(house: House) -> House:
    """The first version runs, and the second one will wait for long."""
    house.stack(health={"timeout": "120s", "settle": "1s"})
    house.push(version(1))
    house.fetch(version(2, healthcheck=NEVER))
    return house


def test_a_pushed_fix_ends_the_wait_and_takes_the_place_of_what_it_mends(waiting: House) -> None:
    house = waiting

    done, run = pushed_while_it_waits(house, {"README.md": "nothing of this stack"}, version(3))

    assert done["outcome"] == "superseded", done
    fix = house.services.clone("r").newest("main")
    assert str(fix)[:12] in done["message"]
    assert STACK in house.services.queue.stacks  # type: ignore[attr-defined] # whoever waits is not forgotten
    assert house.command("web") == "sleep 1002"  # nothing went back

    fixed = house.carry_out(run)
    assert (fixed["outcome"], fixed["commit"]) == ("deployed", fix), fixed
    assert house.command("web") == "sleep 1003"
    assert house.seen("web", "/conf/app.ini") == "3"
    assert house.services.state.holds.get(STACK) is None
    (row,) = house.services.state.rows([STACK])
    assert (row["status"], row["deployed_commit"]) == ("deployed", fix)
    assert house.look()["outcome"] == "unchanged"


def test_a_fix_that_fails_too_is_taken_back_to_what_was_well_and_both_are_held(waiting: House) -> None:
    house = waiting

    done, run = pushed_while_it_waits(house, version(3, healthcheck=UNHEALTHY))
    assert done["outcome"] == "superseded", done
    assert house.carry_out(run)["outcome"] == "rolled_back"

    assert house.command("web") == "sleep 1001"
    assert house.seen("web", "/conf/app.ini") == "1"
    assert house.look()["reason"] == "failed_before"
    again = house.push(version(2, healthcheck=NEVER))
    assert (again["outcome"], again["reason"]) == ("skipped", "failed_before"), again
    assert "superseded" in again["message"]


def test_what_is_pushed_back_meanwhile_is_gone_on_with(waiting: House) -> None:
    house = waiting
    done, _ = pushed_while_it_waits(house, version(3))
    assert done["outcome"] == "superseded", done
    house.stack(health={"timeout": "2s", "settle": "1s"})

    again = house.push(version(2, healthcheck=NEVER))

    assert again["outcome"] == "rolled_back", again
    assert house.command("web") == "sleep 1001"
