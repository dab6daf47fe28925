"""The pool of a worker, in the process of one: its lanes, its limits, and how what it does is ended."""

from __future__ import annotations

import base64
import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.redis_server import RedisServer
from tests.worker_rig import Rig, eventually
from workers.adapters.queue import Message, deploy_message
from workers.model.words import Trigger
from workers.reconcile.requests import request_deploy, request_pull

pytestmark = pytest.mark.redis

QUICK, DEPLOY = "tegu.local.pull", "tegu.local.deploy"
ODD = ("-I", "tests.slow_task")


@pytest.fixture
def rig(own_redis_server: Callable[..., RedisServer], tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, own_redis_server().url, ["s0", "s1"])
    made.record()
    yield made
    made.close()


def _send(rig: Rig, task: str, *args: str, queue: str = QUICK, times: int = 1) -> None:
    rig.services.queue.publish([Message(queue, task, args)] * times)


def _wait_for(rig: Rig, words: str, times: int = 1) -> None:
    eventually(lambda: rig.log.count(words) >= times, words)


def _unacknowledged(rig: Rig) -> int:
    count = rig.services.state.redis.hlen("unacked")
    assert isinstance(count, int)
    return count


def _waiting(rig: Rig, queue: str) -> int:
    """How many of the tests' own tasks are in a queue."""
    return sum('"test.' in item for item in rig.services.state.redis.lrange(queue, 0, -1))


def _still_works(rig: Rig) -> None:
    run, _ = request_pull(rig.services, "homelab", Trigger.API)
    assert rig.ended(run)["status"] == "succeeded"


def _active(rig: Rig, task: str) -> list[dict[str, str]]:
    done = rig.celery("inspect", "active", "--json")
    found = [each for node in json.loads(done.stdout).values() for each in node] if done.code == 0 else []
    return [each for each in found if each["name"] == task]  # beside what a start brings


def test_whatever_is_in_the_lane_of_deployments_the_quick_one_goes_on(rig: Rig) -> None:
    with rig.worker(*ODD):
        _send(rig, "test.slow", "600", queue=DEPLOY, times=50)
        _wait_for(rig, "begun to sleep", 2)
        _still_works(rig)
        assert _waiting(rig, DEPLOY) > 25  # seen there by metrics and reconcile, and not lost with the process
    assert rig.log.count("begun to sleep") == 2
    assert (_unacknowledged(rig), _waiting(rig, DEPLOY)) == (0, 50)


def test_a_full_quick_lane_holds_up_no_deployment(rig: Rig) -> None:
    with rig.worker(*ODD) as worker:
        _send(rig, "test.slow", "600", times=200)
        _wait_for(rig, "begun to sleep", 4)
        _send(rig, "test.die", "now", queue=DEPLOY)
        assert worker.wait(30) == -signal.SIGKILL  # it was begun


def test_git_servers_that_do_not_answer_hold_up_no_other_repo(rig: Rig) -> None:
    catalog, silent = rig.settings.catalog, [f"silent{number}" for number in range(5)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"git://127.0.0.1:{listener.getsockname()[1]}"
        more = "".join(f"  {name}: {{url: '{address}/{name}', ref: main, discover: ['*']}}\n" for name in silent)
        catalog.write_text(catalog.read_text().replace("repos:\n", f"repos:\n{more}"))
        with rig.worker(*ODD):
            everywhere = {name: ["local"] for name in silent}
            eventually(lambda: all(each.asking for each in rig.services.state.repos.all(everywhere)), "all are asked")
            _still_works(rig)


def test_a_worker_told_to_stop_gives_back_at_once_what_it_has_not_begun(rig: Rig) -> None:
    with rig.worker(*ODD) as worker:
        _send(rig, "test.slow", "3", times=20)
        _wait_for(rig, "begun to sleep", 4)
        eventually(lambda: _waiting(rig, QUICK) == 0, "all of it is taken")
        worker.terminate()
        eventually(lambda: _waiting(rig, QUICK) == 16, "the others are back")
        assert worker.poll() is None
        worker.wait(30)
    assert (_unacknowledged(rig), _waiting(rig, QUICK)) == (0, 16)


def test_a_worker_that_is_ended_at_once_gives_everything_back(rig: Rig) -> None:
    with rig.worker(*ODD) as worker:
        _send(rig, "test.slow", "600", times=6)
        _wait_for(rig, "begun to sleep", 4)
        eventually(lambda: _waiting(rig, QUICK) == 0, "all of it is taken")
        worker.send_signal(signal.SIGQUIT)
        worker.wait(30)
    assert (_unacknowledged(rig), _waiting(rig, QUICK)) == (0, 6)


def test_a_task_that_takes_too_long_is_ended_and_the_worker_goes_on(rig: Rig) -> None:
    with rig.worker(*ODD) as worker:
        _send(rig, "test.endless", "loop")
        _wait_for(rig, "took longer than it may, and was ended")
        eventually(lambda: _unacknowledged(rig) == 0, "it does not come back")
        _still_works(rig)
        assert worker.poll() is None


def test_a_task_that_cannot_be_ended_takes_the_worker_down_and_does_not_come_back(rig: Rig) -> None:
    with rig.worker(*ODD) as worker:
        _send(rig, "test.unending", "600")
        _send(rig, "test.slow", "600")
        _wait_for(rig, "begun what does not end")
        _wait_for(rig, "begun to sleep")
        worker.wait(60)
    assert (_unacknowledged(rig), _waiting(rig, QUICK)) == (0, 1)
    assert "Hard time limit (1s) exceeded for test.unending" in rig.log


def test_somebody_ends_a_task_and_nothing_else(rig: Rig) -> None:
    with rig.worker(*ODD) as worker:
        endless = "test.endless_by_hand"
        _send(rig, endless, "loop")
        _wait_for(rig, "begun until somebody ends it")
        [active] = eventually(lambda: _active(rig, endless), "it is shown")
        done = rig.celery("control", "terminate", "SIGTERM", active["id"])
        assert done.code == 0, done.stderr
        eventually(lambda: not _active(rig, endless), "it ends")
        assert worker.poll() is None
        _still_works(rig)
    assert _unacknowledged(rig) == 0


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_what_takes_the_worker_down_three_times_is_set_aside_until_somebody_asks_for_it(rig: Rig) -> None:
    attempts = rig.services.state.attempts
    for _ in range(3):
        attempts.begin("default/s0", rig.source.git("rev-parse", "HEAD"))
    run = rig.services.state.runs.create("homelab", Trigger.CALL, ())
    rig.services.state.runs.plan(run, [("default/s0", ""), ("default/s1", "")])
    rig.services.queue.publish([deploy_message(f"default/{name}", run, "local") for name in ("s0", "s1")])
    with rig.worker():
        ended = rig.ended(run)
    assert ended["stacks"]["default/s0"]["outcome"] == "failed"
    assert ended["stacks"]["default/s1"]["outcome"] == "unchanged"
    assert "default/s0 took the worker down 3 times" in rig.log
    with rig.worker():
        run = request_deploy(rig.services, ["s0"], trigger=Trigger.CLI)
        assert rig.ended(run)["stacks"]["default/s0"]["outcome"] == "unchanged"
    assert attempts.unended("default/s0").times == 0


def test_what_happens_to_tasks_is_told_in_groups_and_to_the_last_one(rig: Rig) -> None:
    watcher = rig.services.state.redis.pubsub()  # type: ignore[no-untyped-call]
    watcher.psubscribe("*celeryev/task.multi")
    assert watcher.get_message(timeout=5)["type"] == "psubscribe"
    messages: list[str] = []
    with rig.worker(*ODD):
        _still_works(rig)
        _send(rig, "test.slow", "0", times=20)
        _wait_for(rig, "begun to sleep", 20)
    while said := watcher.get_message(timeout=1):
        messages.append(json.loads(said["data"])["body"])
    watcher.close()
    events = [event for text in messages for event in json.loads(base64.b64decode(text))]
    received = {event["uuid"] for event in events if event["type"] == "task-received"}
    assert len(received) > 20
    assert received == {event["uuid"] for event in events if event["type"] == "task-succeeded"}
    assert len(messages) < len(events) / 4
    decided = {event["args"] for event in events if event.get("name") == "tegu.deploy_if_changed"}
    assert {args.partition(",")[0] for args in decided} == {"default/s0", "default/s1"}
    assert "run=tegu.pull" in rig.log
    assert "run=tegu.deploy_if_changed" not in rig.log  # what needs nothing is decided at a glance
