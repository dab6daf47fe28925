"""A worker as a process: how it is called, how it ends, and what beat sends it."""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.redis_server import RedisServer
from tests.worker_rig import Rig, Worker, eventually
from workers.adapters.queue import Message
from workers.adapters.state import keys
from workers.adapters.state.liveness import Liveness
from workers.runtime.process import kill_group, spawn

pytestmark = pytest.mark.redis

QUEUE = "tegu.local.pull"


@pytest.fixture
def rig(own_redis_server: Callable[..., RedisServer], tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, own_redis_server().url, ["s0", "s1"])
    yield made
    made.close()


def _slow(rig: Rig, seconds: int) -> None:
    rig.services.queue.publish([Message(QUEUE, "test.slow", (str(seconds),))])


def _stop(worker: Worker) -> float:
    started = time.monotonic()
    worker.terminate()
    worker.wait(40)
    return time.monotonic() - started


def _is_working(rig: Rig) -> bool:
    return "begun to sleep" in rig.log


def _unacknowledged(rig: Rig) -> int:
    count = rig.services.state.redis.hlen("unacked")
    assert isinstance(count, int)
    return count


def test_a_worker_told_to_stop_ends_what_it_has_begun(rig: Rig) -> None:
    rig.record()
    with rig.worker("-I", "tests.slow_task") as worker:
        _slow(rig, 1)
        eventually(lambda: _is_working(rig), "it works")
        _stop(worker)
    assert _unacknowledged(rig) == 0
    assert not any(task == "test.slow" for task, *_ in rig.services.queue.calls_in(QUEUE))


def test_a_worker_told_to_stop_gives_back_what_takes_too_long(rig: Rig) -> None:
    rig.record()
    with rig.worker("-I", "tests.slow_task") as worker:
        _slow(rig, 300)
        eventually(lambda: _is_working(rig), "it works")
        assert _stop(worker) < 30
    assert _unacknowledged(rig) == 0
    assert ("test.slow", "300", None) in rig.services.queue.calls_in(QUEUE)


@pytest.mark.parametrize("sender", ["worker", "beat"])
def test_workers_poll_by_themselves_and_a_beat_may_do_it_for_them(rig: Rig, sender: str) -> None:
    rig.record()
    catalog = rig.settings.catalog
    catalog.write_text(catalog.read_text().replace("ref: main", "ref: main\n    poll: 1s"))

    def polled() -> list[str]:
        items = rig.services.state.runs.list().items
        return [item.id for item in items if item.trigger == "poll"]

    with ExitStack() as started:
        if sender == "beat":
            argv = [sys.executable, "-m", "celery", "-A", "workers", "beat"]
            beat = spawn(argv, env=rig.env, cwd=rig.folder)
            started.callback(beat.communicate)
            started.callback(kill_group, beat.pid)
            eventually(lambda: rig.services.state.redis.llen(QUEUE), "beat sends")
        started.enter_context(rig.worker())
        run = eventually(polled, "a poll makes a run")[0]
        assert rig.ended(run)["status"] == "succeeded"
    assert not {path.name for path in rig.folder.iterdir() if path.name.startswith("celerybeat")}


def test_a_worker_that_sends_no_heartbeat_is_seen_and_writes_to_the_file_it_is_given(rig: Rig) -> None:
    rig.record()
    file = rig.folder / "tegu-local.txt"
    with rig.worker("--without-heartbeat", "-n", "tegu-local@%h", "-f", f"{rig.folder}/%n.txt", ready=False):
        eventually(lambda: file.exists() and " ready." in file.read_text(), "the file tells of a ready worker")
        liveness = Liveness(rig.services.state.redis)
        eventually(lambda: not liveness.missing([QUEUE, "tegu.local.deploy"]), "both queues are consumed")
        rig.services.queue.publish([Message(QUEUE, "tegu.deploy_if_changed", ())])
        eventually(lambda: "missing a required argument: 'stack'" in file.read_text(), "the mistake is told")
    assert "Traceback" not in file.read_text() + rig.log
    assert " ready." not in rig.log


def test_a_wrong_setting_is_told_without_a_traceback(rig: Rig) -> None:
    rig.settings.data_dir.mkdir(exist_ok=True)
    with rig.worker(ready=False, afresh=True, TEGU_RECONCILE="often") as worker:
        assert worker.wait(30) != 0
    assert "TEGU_RECONCILE" in rig.log
    assert "Traceback" not in rig.log


@pytest.mark.docker
def test_the_worker_of_what_is_quick_watches_and_another_of_the_same_name_takes_over_when_it_is_killed(
    rig: Rig,
) -> None:
    rig.record()  # nothing is deployed to this machine's engine
    redis = rig.services.state.redis
    watched = keys.watched()
    with rig.worker("-Q", "tegu.local.deploy", "-n", "deploy@%h"):
        with rig.worker("-Q", QUEUE, "-n", "pull@%h") as first, rig.worker("-Q", QUEUE, "-n", "other@%h"):
            eventually(lambda: redis.hlen(watched) == 1, "the engine is watched")
            first.kill()
            first.wait(10)
            redis.delete(watched)
            eventually(lambda: redis.hlen(watched) == 1, "the other watches")
        with (rig.settings.data_dir / "state/.watch-local.lock").open("w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the one that deploys does not wait for it
