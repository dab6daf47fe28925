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


def version(number: int) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web=service(f"sleep {1000 + number}"))}


def looked_at_as_own(house: House) -> dict[str, Any]:
    """A second version is pushed, and nothing happens."""
    before = house.lives()
    done = house.push(version(2))
    assert house.lives() == before
    assert house.live("a/compose.yaml").read_text() == version(1)["a/compose.yaml"]
    return done


def test_the_project_that_the_worker_or_the_web_process_runs_in_is_skipped(house: House) -> None:
    house.stack()
    house.push(version(1))
    own = house.containers()["web"].container.id
    house.run_in(own)
    done = looked_at_as_own(house)
    assert (done["outcome"], done["reason"]) == ("skipped", "self"), done
    assert "never deploys itself" in str(done["message"])
    (row,) = house.services.state.rows(["default/a"])
    assert row["status"] == "deployed"

    house.run_in(None)
    Liveness(house.services.state.redis).inhabit(own)  # the web process; the worker runs elsewhere
    assert looked_at_as_own(house)["reason"] == "self"


def test_the_first_look_at_its_own_project_is_skipped_too_until_it_runs_elsewhere(house: House) -> None:
    house.stack()
    house.push(version(1))
    house.run_in(house.containers()["web"].container.id)
    house.services.state.journal.delete("default/a")
    house.services.state.forget("default/a")
    assert looked_at_as_own(house)["reason"] == "self"

    house.run_in(None)
    assert house.look()["outcome"] == "deployed"


def test_the_project_of_its_redis_is_skipped_by_its_port_and_by_its_address(house: House) -> None:
    house.stack()
    port = free_port()
    db = {**service("sleep 2000"), "ports": [f"127.0.0.1:{port}:6379"]}
    del db["network_mode"]
    assert house.push({"a/compose.yaml": compose(db=db)})["outcome"] == "deployed"
    before, address = house.lives(), house.containers()["db"].addresses[0]
    settings = house.services.settings
    for number, place in enumerate((f"127.0.0.1:{port}", f"{address}:6379")):
        house.services.close()
        elsewhere = Settings(data_dir=settings.data_dir, catalog=settings.catalog, redis_url=f"redis://{place}/0")
        house.services = Services(elsewhere, queue=house.published, state=house.services.state)
        done = house.push({"a/compose.yaml": compose(db={**db, "command": ["sleep", f"{3000 + number}"]})})
        assert (done["outcome"], done["reason"]) == ("skipped", "self"), done
        assert house.lives() == before
