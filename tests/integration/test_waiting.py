"""Deployments that only wait, in a real worker on a real engine: they hold up nobody, and outlive a kill."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.inspected import inspected
from tests.redis_server import RedisServer
from tests.worker_rig import Rig, eventually
from workers.adapters.state import keys
from workers.adapters.state.identifiers import milliseconds_of
from workers.celery import DEPLOY_IF_CHANGED
from workers.model.words import Trigger
from workers.reconcile.reconcile import SETTLED_SECONDS
from workers.reconcile.requests import request_pull

pytestmark = [pytest.mark.redis, pytest.mark.docker, pytest.mark.timeout(300)]

NAMES = [f"s{number}" for number in range(6)]
COMPOSE = """\
services:
  web:
    image: busybox:stable
    command: sleep {seconds}
    network_mode: none
    stop_signal: SIGKILL
"""
DEPENDENCY = """\
    depends_on: {{db: {{condition: service_healthy}}}}
  db:
    image: busybox:stable
    command: sleep 1000
    network_mode: none
    stop_signal: SIGKILL
    volumes: ['{ready}:/ready:ro']
    healthcheck: {{test: [CMD, test, -e, /ready/yes], interval: 1s, retries: 600}}
"""
DEFAULTS = """
defaults:
  project: "{prefix}-{{stack}}"
  health: {{settle: {settle}}}
  hooks: {{pre_deploy: {hooks}}}
"""


class Place(Rig):
    """A rig whose stacks are deployed to the engine."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        super().__init__(folder, redis_url, [])
        self._catalog = self.settings.catalog.read_text().partition("defaults:")[0]
        self.promise(settle="1s")

    def promise(self, settle: str, hooks: str = "[]") -> None:
        """What is asked of every stack from now on."""
        defaults = DEFAULTS.format(prefix=self.prefix, settle=settle, hooks=hooks)
        self.settings.catalog.write_text(self._catalog + defaults)

    def change(self, *names: str, seconds: int = 1000) -> str:
        """Push stacks, and have them pulled; the run."""
        self.push({f"services/{name}/compose.yaml": COMPOSE.format(seconds=seconds) for name in names})
        run, _ = request_pull(self.services, "homelab", Trigger.API)
        return run

    def active(self) -> list[dict[str, Any]]:
        """The deployments that a worker is at."""
        done = self.celery("inspect", "active", "--json")
        found = [each for node in json.loads(done.stdout).values() for each in node] if done.code == 0 else []
        return [each for each in found if each["name"] == DEPLOY_IF_CHANGED]

    def has_ended(self, run: str) -> bool:
        """Whether a run waits for nothing any more."""
        return bool(self.services.state.redis.hexists(keys.run(run), "finished_at"))

    def started(self) -> dict[str, str]:
        """When each container was started that runs."""
        looked = inspected(ids) if (ids := self._containers()) else []
        return {each["Name"]: each["State"]["StartedAt"] for each in looked if each["State"]["Running"]}

    def close(self) -> None:
        if ids := self._containers():
            self._docker("rm", "-f", *ids)
        super().close()

    def _containers(self) -> list[str]:
        return self._docker("ps", "-aq", "--filter", f"name={self.prefix}").split()

    @staticmethod
    def _docker(*arguments: str) -> str:
        return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def place(own_redis_server: Callable[..., RedisServer], tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, own_redis_server().url)
    yield made
    made.close()


def _hooks(worker: int) -> int:
    found = subprocess.run(["pgrep", "-P", str(worker), "sleep"], capture_output=True, text=True, check=False)
    return len(found.stdout.split())


def _outcomes(run: dict[str, Any]) -> set[str]:
    return {each["outcome"] for each in run["stacks"].values()}


def test_more_wait_than_there_are_slots_and_a_kill_of_all_of_them_is_repaired(place: Place) -> None:
    place.promise(settle="5m")
    with place.worker(TEGU_CONCURRENCY="1") as worker:
        run = place.change(*NAMES)
        eventually(lambda: len(place.started()) == len(NAMES), "all of them run and wait at once", 120)
        before = place.started()
        threads = len(list(Path(f"/proc/{worker.pid}/task").iterdir()))
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        worker.kill()
        worker.wait()
    assert threads < len(NAMES) + 20
    assert len(children) <= 2  # readers of the clone; none for a deployment
    place.promise(settle="1s")
    with place.worker(TEGU_CONCURRENCY="1"):
        ended = place.ended(run, 120)
    assert _outcomes(ended) == {"deployed"}
    assert place.started() == before  # nothing was begun anew


def test_a_stack_whose_hook_kills_the_worker_is_set_aside_and_all_others_are_deployed(place: Place) -> None:
    place.promise(settle="0s", hooks="""[["sh", "-c", "case $PWD in */s0) kill -9 $PPID;; esac"]]""")
    run, kills = place.change("s0", "s1", "s2"), 0
    settled = milliseconds_of(run) / 1000 + SETTLED_SECONDS
    while kills < 5:
        with place.worker(TEGU_CONCURRENCY="2", ready=False) as worker:
            eventually(lambda: worker.poll() is not None or place.has_ended(run), "the worker or the run ends", 120)
            if worker.poll() is None:
                break
            kills += 1
        eventually(lambda: time.time() > settled, "what is lost counts as lost")
    stacks = place.ended(run)["stacks"]
    assert stacks["default/s0"]["outcome"] == "failed"
    others = {stacks[f"default/{name}"]["outcome"] for name in ("s1", "s2")}
    assert others <= {"deployed", "unchanged"}  # where one was killed just before it said so
    assert kills == 3
    assert "took the worker down 3 times in a row" in stacks["default/s0"]["message"]
    assert {name.removeprefix(f"/{place.prefix}-") for name in place.started()} == {"s1-web-1", "s2-web-1"}
    place.promise(settle="0s")
    with place.worker(TEGU_CONCURRENCY="2"):
        assert _outcomes(place.ended(place.change("s0"), 120)) >= {"deployed"}
    assert any("s0-web-1" in name for name in place.started())


def test_an_up_that_waits_for_a_dependency_holds_no_slot(place: Place) -> None:
    place.promise(settle="0s")
    ready = place.folder / "ready"
    ready.mkdir()
    slow = COMPOSE.format(seconds=1000) + DEPENDENCY.format(ready=ready)
    with place.worker(TEGU_CONCURRENCY="1"):
        place.push({"services/s0/compose.yaml": slow})
        first, _ = request_pull(place.services, "homelab", Trigger.API)
        eventually(lambda: any("s0-db-1" in name for name in place.started()), "the dependency runs", 120)
        second = place.change("s1")
        eventually(lambda: any("s1-web-1" in name for name in place.started()), "another stack is deployed", 120)
        assert not any("s0-web-1" in name for name in place.started())
        (ready / "yes").touch()
        for run in (first, second):
            assert _outcomes(place.ended(run, 120)) <= {"deployed", "unchanged"}
    assert any("s0-web-1" in name for name in place.started())


def test_hooks_hold_no_slot_but_are_bounded_and_somebody_ends_one_by_ending_its_task(place: Place) -> None:
    place.promise(settle="1s", hooks='[["sleep", "600"]]')
    with place.worker(TEGU_CONCURRENCY="1") as worker:
        run = place.change(*NAMES)
        active = eventually(lambda: len(found := place.active()) == len(NAMES) and found, "all have begun", 120)
        eventually(lambda: _hooks(worker.pid) == 4, "as many hooks run as may")
        for each in active:
            assert place.celery("control", "terminate", "SIGTERM", each["id"]).code == 0
        ended = place.ended(run, 120)
    assert _outcomes(ended) == {"cancelled"}
    assert "by `revoke` of its task" in str(place.services.state.deployments.list("default/s0", 1))
