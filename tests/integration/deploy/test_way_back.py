"""The way back always has a way: what cannot be done is left, what stands still is started, the rest comes in time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from typing import Any

import pytest

from tests.integration.deploy.house import DOCKER_HOST, House, compose, in_a_child, service
from workers.commands.demo import free_port
from workers.deploy.transaction.steps import Step
from workers.reconcile.obstructed import look_again
from workers.reconcile.reconcile import reconcile

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

ID = "default/a"


def published(port: int, seconds: int) -> dict[str, object]:
    return service(f"sleep {seconds}", network_mode="bridge", ports=[f"127.0.0.1:{port}:80"], stop_signal="SIGKILL")


def test_what_the_engine_has_removed_by_half_is_made_again(house: House) -> None:
    house.stack()
    old = {"a/compose.yaml": compose(web=service("sleep 1000"), side=service("sleep 2000"))}
    house.push(old)
    first = house.containers()["web"].container.id
    root = house.docker("info", "--format", "{{.DockerRootDir}}")
    file = f"{root}/containers/{first}/hostname"
    if subprocess.run(["chattr", "+i", file], check=False).returncode:
        pytest.skip("the engine's folder is on a file system, or this process in a container, without `chattr +i`")

    def give_it_free() -> None:
        try:
            house.until(lambda: house.engine.client.inspect_container(first)["State"]["Status"] in {"dead", "removing"})
        finally:
            subprocess.run(["chattr", "-i", file], check=True)

    freeing = threading.Thread(target=give_it_free)
    freeing.start()
    done = house.push({"a/compose.yaml": compose(web=service("sleep 1001"), side=service("sleep 2000"))})
    freeing.join()
    assert done["outcome"] in {"rolled_back", "deployed"}, done
    assert house.command("web") == ("sleep 1000" if done["outcome"] == "rolled_back" else "sleep 1001")
    assert {each.state for each in house.containers().values()} == {"running"}
    assert not house.engine.exists(first)


def test_what_can_go_neither_forward_nor_back_comes_back_when_the_way_is_free(house: House) -> None:
    house.stack(health={"timeout": "20s", "settle": "0s"})
    port = free_port()
    web, db = published(port, 1000), service("sleep 2000")
    assert house.push({"a/compose.yaml": compose(web=web, db=db)})["outcome"] == "deployed"
    first = house.containers()["web"].container.id
    taken: list[socket.socket] = []

    def take_the_port(step: Step) -> None:
        if step is Step.UP and not taken:
            house.docker("stop", first)
            taken.append(socket.create_server(("127.0.0.1", port)))
            house.keep(taken[0])

    house.services.close()
    house.services = house.fresh_services(at_step=take_the_port)
    bad = compose(web=published(port, 1001), db=service("sleep 2001"))
    house.pull({"a/compose.yaml": bad})  # nobody could do better while the port is somebody else's
    (row,) = house.services.state.rows([ID])
    done = row["last_deployment"]
    assert (done["outcome"], "going back failed, too" in done["message"]) == ("failed", True), done
    assert (house.command("db"), house.containers()["db"].state) == ("sleep 2000", "running"), done
    assert house.containers()["web"].state != "running"

    reconcile(house.services, "local")
    house.work()
    assert house.containers()["web"].state != "running"
    taken[0].close()
    assert look_again(house.services, DOCKER_HOST) == (ID,)
    house.work()
    assert (house.command("web"), house.containers()["web"].state) == ("sleep 1000", "running")
    assert house.services.state.journal.load(ID).disturbed == {}
    (row,) = house.services.state.rows([ID])
    assert (row["status"], row["held"].get("beside")) == ("failed", None)
    assert house.push({"a/compose.yaml": compose(web=published(port, 1002), db=db)})["outcome"] == "deployed"


def test_one_that_does_not_come_back_is_no_reason_for_another_not_to(house: House) -> None:
    house.stack(health={"timeout": "20s", "settle": "0s"})
    port = free_port()
    waits = {"depends_on": {"web": {"condition": "service_started"}}}
    old = compose(web=published(port, 1000), app=service("sleep 3000", **waits))
    assert house.push({"a/compose.yaml": old})["outcome"] == "deployed"
    first = house.containers()["web"].container.id
    taken: list[socket.socket] = []

    def take_the_port(step: Step) -> None:
        if step is Step.UP and not taken:
            house.docker("stop", first)
            taken.append(socket.create_server(("127.0.0.1", port)))
            house.keep(taken[0])

    house.services.close()
    house.services = house.fresh_services(at_step=take_the_port)
    done = house.pull({"a/compose.yaml": compose(web=published(port, 1001), app=service("sleep 3001", **waits))})
    assert done["stacks"][ID]["outcome"] == "failed", done
    assert (house.command("app"), house.containers()["app"].state) == ("sleep 3000", "running"), done


def ready(conf: str, seconds: int) -> dict[str, str | None]:
    """`app` needs `db` to be healthy, which it is once it has read a file that says so."""
    check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "500ms", "retries": 2}
    db = service(
        "rm -f /ok; grep -q good /db.conf && touch /ok; sleep 2000",
        volumes=["./db.conf:/db.conf:ro"],
        healthcheck=check,
    )
    app = service(f"sleep {seconds}", depends_on={"db": {"condition": "service_healthy"}})
    return {"a/compose.yaml": compose(db=db, app=app), "a/db.conf": conf}


# Some engines cannot probe a container that was restarted, so it is made anew; both are done at the same place.
ANEW: dict[str, Any] = {
    "health": {"timeout": "20s", "settle": "0s"},
    "on_change": [{"paths": ["a/db.conf"], "action": "recreate", "services": ["db"]}],
}


def test_a_dependency_with_a_changed_file_is_begun_again_before_what_waits_for_it(house: House) -> None:
    house.stack(**ANEW)
    assert house.push(ready("good", 3000))["outcome"] == "deployed"
    db = house.containers()["db"]
    house.docker("exec", db.container.id, "rm", "/ok")
    house.until(lambda: house.containers()["db"].health == "unhealthy")

    done = house.push(ready("good, too", 3001))
    assert done["outcome"] == "deployed", house.log(done["deployment"])
    now = house.containers()
    assert (now["db"].container.id != db.container.id, now["db"].health) == (True, "healthy")
    assert (house.command("app"), now["app"].started_at > now["db"].started_at) == ("sleep 3001", True)

    done = house.push(ready("bad", 3002))
    assert (done["outcome"], "db" in done["message"]) == ("rolled_back", True), house.log(done["deployment"])
    assert house.containers()["app"].container.id == now["app"].container.id
    assert house.containers()["db"].health == "healthy"


def test_a_dependency_that_is_not_well_in_time_is_no_fault_of_what_waits_for_it(house: House) -> None:
    def files(seconds: int) -> dict[str, str | None]:
        check = {"test": ["CMD", "test", "-e", "/ok"], "interval": "12s", "retries": 1}
        command = "if [ -e /once ]; then rm -f /ok; else touch /ok /once; fi; sleep 2000"
        db = service(command, healthcheck=check, network_mode="none")
        app = service(f"sleep {seconds}", depends_on={"db": {"condition": "service_healthy"}})
        return {"a/compose.yaml": compose(db=db, app=app)}

    house.stack(health={"timeout": "90s", "settle": "0s"})
    house.push(files(3000))
    before = house.lives()
    house.fetch(files(3001))
    house.docker("restart", "-t", "0", before["db"][0])
    done = house.look()
    assert (done["outcome"], done["reason"]) == ("rolled_back", "obstructed"), done
    assert house.lives()["app"] == before["app"]
    hold = house.services.state.holds.get(ID)
    assert hold is not None
    assert (hold.obstructed, hold.retry_at is not None) == (True, True)


def test_killed_while_a_dependency_is_made_ready_the_next_look_goes_on(house: House) -> None:
    house.stack(**ANEW)
    house.push(ready("good", 3000))
    house.fetch(ready("good, too", 3001))
    for step in (Step.READY, Step.UP):

        def act(last: Step = step) -> None:
            house.services = house.fresh_services(
                at_step=lambda now, last=last: os.kill(os.getpid(), signal.SIGKILL) if now is last else None
            )
            house.look()

        assert in_a_child(act)
    ready_since = house.containers()["db"].started_at
    assert house.look()["outcome"] == "deployed"
    assert (house.command("app"), house.containers()["db"].started_at) == ("sleep 3001", ready_since)


def test_files_that_compose_refuses_by_now_end_an_interrupted_deployment_and_nothing_else(house: House) -> None:
    house.stack(health={"timeout": "20s", "settle": "0s"})
    house.push({"a/compose.yaml": compose(web=service("sleep 1000"))})
    house.fetch({"a/compose.yaml": compose(web=service("sleep 1001"))})

    def act() -> None:
        house.services = house.fresh_services(
            at_step=lambda step: os.kill(os.getpid(), signal.SIGKILL) if step is Step.UP else None
        )
        house.look()

    assert in_a_child(act)
    house.live("a/compose.yaml").write_text(json.dumps({"services": {"web": {"image": 1}}}))
    done: dict[str, Any] = house.look()
    assert (done["outcome"], house.command("web")) == ("rolled_back", "sleep 1000"), done
    assert house.containers()["web"].state == "running"
