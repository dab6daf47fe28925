"""What runs is seen as it changes: by events of the engine, without anybody asking."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.second_engine import SecondEngine
from tests.worker_rig import eventually
from workers.adapters.state import keys
from workers.adapters.state.rebuild import rebuild
from workers.reconcile.watch import Watch

pytestmark = [
    pytest.mark.docker,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # the SDK drops its sockets when an engine goes
]

ID = "default/a"


@pytest.fixture
def watched(house: House) -> Iterator[House]:
    """A house with an empty stack, whose engine is watched."""
    house.stack(drift="report")
    watch = Watch(house.fresh_services(), "local")
    watch.start()
    yield house
    watch.end()


def row(house: House) -> dict[str, Any]:
    (found,) = house.services.state.rows([ID])
    return found


def states(house: House) -> dict[str, tuple[str, str | None]]:
    return {name: (each["state"], each["health"]) for name, each in row(house)["services"].items()}


def seen(house: House, **services: tuple[str, str | None]) -> None:
    eventually(lambda: states(house) == services, f"{services} are seen", 120)


CHECKED = service("touch /ok; sleep 1000") | {
    "healthcheck": {"test": ["CMD", "test", "-e", "/ok"], "interval": "200ms", "retries": 1, "start_period": "0s"}
}


def test_what_happens_to_containers_is_seen_as_it_happens(watched: House) -> None:
    job = service("exit 0")
    watched.pull({"a/compose.yaml": compose(web=CHECKED, db=service("sleep 2000"), job=job)})
    running = {"web": ("running", "healthy"), "db": ("running", None), "job": ("exited", None)}
    seen(watched, **running)
    assert (row(watched)["status"], row(watched)["running"]) == ("deployed", {"well": 2, "of": 2})
    assert row(watched)["services"]["web"]["image"] == "busybox:stable"
    since = row(watched)["services"]["db"]["since"]
    assert since == watched.containers()["db"].started_at[:23] + "Z"

    web, db = watched.lives()["web"][0], watched.lives()["db"][0]
    watched.docker("exec", web, "rm", "/ok")
    seen(watched, **running | {"web": ("running", "unhealthy")})
    assert (row(watched)["status"], row(watched)["running"]) == ("degraded", {"well": 1, "of": 2})
    watched.docker("exec", web, "touch", "/ok")
    watched.docker("pause", db)
    seen(watched, **running | {"db": ("paused", None)})
    watched.docker("unpause", db)
    watched.docker("kill", db)
    seen(watched, **running | {"db": ("exited", None)})
    eventually(lambda: row(watched)["status"] == "drifted", "it is drift", 120)
    assert row(watched)["drift"] == {"db": "stopped"}
    watched.docker("rm", db)
    seen(watched, **running | {"db": ("missing", None)})
    assert row(watched)["services"]["db"]["since"] is not None


def test_a_stack_that_gets_another_project_is_seen_in_the_one_and_then_in_the_other(watched: House) -> None:
    watched.pull({"a/compose.yaml": compose(web=service())})
    seen(watched, web=("running", None))
    watched.stack(drift="report", project=watched.project("new"))
    old = watched.lives()["web"][0]
    watched.docker("pause", old)
    seen(watched, web=("paused", None))
    watched.docker("unpause", old)
    assert watched.pull()["stacks"][ID]["outcome"] == "deployed"
    seen(watched, web=("running", None))
    watched.docker("kill", watched.lives("new")["web"][0])
    seen(watched, web=("exited", None))


def test_drift_is_healed_once_all_is_quiet(watched: House) -> None:
    watched.stack(drift="heal")
    watched.pull({"a/compose.yaml": compose(web=service(), db=service("sleep 2000"))})
    watched.docker("rm", "-f", watched.lives()["web"][0])
    eventually(lambda: [each.args[0] for each in watched.published.messages] == [ID], "it is to be healed", 120)
    watched.work()
    seen(watched, web=("running", None), db=("running", None))
    assert row(watched)["status"] == "deployed"


def test_a_redis_that_has_lost_everything_is_told_again(watched: House) -> None:
    watched.pull({"a/compose.yaml": compose(web=service())})
    seen(watched, web=("running", None))
    watched.services.state.redis.delete(keys.watched(), keys.live())
    seen(watched, web=("unknown", None))
    seen(watched, web=("running", None))


def test_an_engine_that_goes_is_unknown_until_it_is_back(house: House, second: SecondEngine) -> None:
    house.stack(drift="report")
    house.pull({"a/compose.yaml": compose(web=service(restart="always"))})
    watch = Watch(house.fresh_services(), "local")
    watch.start()
    try:
        seen(house, web=("running", None))
        house.settle(docker_host=second.host)  # the catalog names another engine, and the stack moves there
        house.pull()
        seen(house, web=("running", None))
        eventually(lambda: list(house.services.state.live.seen()) == [("local", second.host)], "which is watched", 120)
        second.engine.client.pause(second.engine.containers()[0].id)
        seen(house, web=("paused", None))
        second.engine.client.unpause(second.engine.containers()[0].id)
        seen(house, web=("running", None))
        second.stop()
        seen(house, web=("unknown", None))
        assert row(house)["services"]["web"]["since"] is not None
        assert row(house)["status"] == "deployed"
        second.start()
        seen(house, web=("running", None))
    finally:
        watch.end()
    watch = json.loads(house.services.state.redis.hget(keys.watched(), f"local {second.host}") or "{}")
    assert watch["lost"] == ""


HOLD = 'import fcntl, sys; f = open(sys.argv[1], "w"); fcntl.lockf(f, 2); print("held", flush=True); sys.stdin.read()'


def test_one_process_of_a_worker_watches_and_another_takes_over(house: House) -> None:
    house.stack(drift="report")
    house.pull({"a/compose.yaml": compose(web=service())})
    lock = house.services.settings.data_dir / "state/.watch-local.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        watch = Watch(house.fresh_services(), "local")
        watch.start()
        house.docker("kill", house.lives()["web"][0])
        assert not house.services.state.redis.exists(keys.watched())
        other.kill()
    seen(house, web=("exited", None))
    watch.end()


def test_what_a_deployment_stops_was_stopped_by_nobody(watched: House) -> None:
    for number in range(2):
        command = f"sleep {1000 + number}"
        watched.pull({"a/compose.yaml": compose(web=service(command), **({"db": service()} if number == 0 else {}))})
    seen(watched, web=("running", None))
    web = watched.lives()["web"][0]
    watched.docker("exec", web, "kill", "-9", "-1")  # it ends by itself, so soon after what Tegu has removed
    eventually(lambda: row(watched)["drift"] == {"web": "stopped"}, "it is drift", 120)
    assert (row(watched)["status"], row(watched)["stopped"]) == ("drifted", None)
    # The sight of a container is told a moment after the drift.
    eventually(lambda: "ended by itself with exit code" in row(watched)["services"]["web"].get("why", ""), "why", 120)


def test_who_has_stopped_a_stack_is_known_even_to_a_redis_that_has_lost_everything(watched: House) -> None:
    watched.stack(drift="heal")
    watched.pull({"a/compose.yaml": compose(web=service(), db=service("sleep 2000"))})
    seen(watched, web=("running", None), db=("running", None))
    watched.docker("stop", *(container for container, _ in watched.lives().values()))
    eventually(lambda: row(watched)["status"] == "stopped", "it is stopped", 120)
    stopped = row(watched)["stopped"]
    assert stopped["how"] == "docker stop"
    watched.services.state.redis.flushall()
    rebuild(watched.services.state)
    assert row(watched)["stopped"] == stopped
    watched.docker("start", *(container for container, _ in watched.lives().values()))
    eventually(lambda: row(watched)["stopped"] is None, "it runs again", 120)
    assert watched.services.state.journal.load(ID).stopped is None


def test_what_waits_for_a_name_is_tried_again_as_soon_as_it_is_free(watched: House) -> None:
    name = watched.project("taken")
    watched.docker("run", "-d", "--name", name, "--network", "none", "busybox:stable", "sleep", "1000")
    try:
        done = watched.pull({"a/compose.yaml": compose(web=service(container_name=name))})["stacks"][ID]
        assert (done["outcome"], done["reason"]) == ("failed", "obstructed"), done
        assert watched.published.messages == []
    finally:
        watched.docker("rm", "-f", name)
    eventually(lambda: watched.published.messages, "it is to be tried again", 120)
    watched.work()
    assert row(watched)["status"] == "deployed"
