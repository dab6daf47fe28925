"""Services that were not well before, and stacks that share something: a deployment is not about them."""

from __future__ import annotations

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.worker_rig import eventually

pytestmark = pytest.mark.docker


def files(web: str, text: str = "1") -> dict[str, str | None]:
    """`web` beside a `db` that is healthy for as long as it has its file."""
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "300ms", "timeout": "1s", "retries": 2}
    db = service("touch /ok; sleep 2000", healthcheck=check)
    return {"a/compose.yaml": compose(web=service(web, volumes=["./conf:/conf"]), db=db), "a/conf/app.ini": text}


def test_a_neighbour_that_is_not_well_fails_nobody(house: House) -> None:
    house.stack(drift="report")
    assert house.push(files("sleep 1000"))["outcome"] == "deployed"
    db = house.containers()["db"].container.id
    house.docker("exec", db, "rm", "/ok")
    eventually(lambda: house.containers()["db"].health == "unhealthy", "db is unhealthy")
    before = house.lives()

    assert house.push(files("sleep 1001"))["outcome"] == "deployed"
    done = house.push(files("sleep 1001", "2"))
    assert (done["outcome"], done["action"]) == ("deployed", "restart"), done["message"]
    done = house.push(files("exit 3", "2"))
    assert (done["outcome"], "db" in done["message"]) == ("rolled_back", False), done["message"]

    house.docker("stop", db)
    done = house.push(files("sleep 1002", "2"))
    assert done["outcome"] == "deployed", done["message"]
    assert house.command("web") == "sleep 1002"
    assert house.lives()["db"] == before["db"]
    assert house.containers()["db"].state == "exited"
