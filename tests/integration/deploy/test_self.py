"""A project that Tegu itself runs in is never deployed by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from workers.adapters.state.liveness import Liveness
from workers.commands.demo import free_port
from workers.runtime.settings import Settings
from workers.services import Services

pytestmark = pytest.mark.docker

DB = service("sleep 2000")


def looked_at_as_own(house: House) -> dict[str, Any]:
    before = house.lives()
    done = house.push({"a/compose.yaml": compose(web=service("sleep 1001"), db=DB)})
    assert house.lives() == before
    assert house.live("a/compose.yaml").read_text() == compose(web=service("sleep 1000"), db=DB)
    return done


def test_the_project_of_the_container_that_the_worker_runs_in_is_skipped(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"), db=DB)})
    house.run_in(house.containers()["web"].container.id)
    done = looked_at_as_own(house)
    assert (done["outcome"], done["reason"]) == ("skipped", "self"), done
    assert "never deploys itself" in str(done["message"])
    (row,) = house.services.state.rows(["default/a"])
    assert row["status"] == "deployed"

    house.run_in(None)
    assert house.look()["outcome"] == "deployed"


def test_the_project_of_the_web_process_is_skipped_though_the_worker_runs_elsewhere(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"), db=DB)})
    Liveness(house.services.state.redis).inhabit(house.containers()["web"].container.id)
    assert looked_at_as_own(house)["reason"] == "self"


def test_the_first_look_at_its_own_project_is_skipped_too(house: House) -> None:
    house.stack()
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"), db=DB)})
    house.run_in(house.containers()["db"].container.id)
    house.services.state.journal.delete("default/a")
    house.services.state.forget("default/a")
    assert looked_at_as_own(house)["reason"] == "self"


@pytest.mark.parametrize("how", ["by its address", "by its port"])
def test_the_project_of_its_redis_is_skipped(house: House, how: str) -> None:
    house.stack()
    port = free_port()
    db = {**service("sleep 2000"), "ports": [f"127.0.0.1:{port}:6379"]}
    del db["network_mode"]
    file = compose(web=service("sleep 1000"), db=db)
    assert house.push({"a/compose.yaml": file})["outcome"] == "deployed"
    place = f"127.0.0.1:{port}" if how == "by its port" else f"{house.containers()['db'].addresses[0]}:6379"
    settings = house.services.settings
    house.services.close()
    elsewhere = Settings(data_dir=settings.data_dir, catalog=settings.catalog, redis_url=f"redis://{place}/0")
    house.services = Services(elsewhere, queue=house.published, state=house.services.state)
    before = house.lives()
    done = house.push({"a/compose.yaml": file.replace("sleep 1000", "sleep 1001")})
    assert (done["outcome"], done["reason"]) == ("skipped", "self"), done
    assert house.lives() == before
