"""`tegu pull` and `tegu deploy` with workers that do something: waiting, telling, exit codes. No Docker."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests import warm
from tests.redis_server import RedisServer
from tests.worker_rig import Rig, eventually
from workers.adapters.state.liveness import Liveness
from workers.celery import pull_queue
from workers.runtime.process import Completed, spawn

TEGU = str(Path(sys.executable).with_name("tegu"))


@pytest.fixture
def rig(tmp_path: Path, redis: Redis, redis_server: RedisServer) -> Iterator[Rig]:
    assert redis.ping()
    made = Rig(tmp_path, redis_server.url, ["one", "two"])
    yield made
    made.close()


def tegu(rig: Rig, *arguments: str) -> Completed:
    return warm.run([TEGU, *arguments], env=rig.env, cwd=rig.folder, timeout=90)


def test_a_pull_is_waited_for_and_ends_as_its_run_does(rig: Rig) -> None:
    rig.record()
    with rig.worker():
        done = tegu(rig, "pull", "homelab")
        assert (done.code, done.stderr) == (0, "")
        assert re.fullmatch(r"Done: 2 unchanged in .+ \(run \S+\)\.\n", done.stdout)
        rig.push({"services/two/compose.yaml": "services: [\n"})
        done = tegu(rig, "pull", "homelab")
        assert done.code == 1
        assert "two  invalid" in done.stdout
        assert "services/two/compose.yaml:" in done.stdout
        assert re.search(r"Failed: 1 invalid, 1 unchanged in .+ \(run \S+\)\.\n$", done.stdout)
        newest = json.loads(tegu(rig, "runs", "-n", "1", "--json").stdout)[0]
        shown = tegu(rig, "log", newest["id"], "-f")
        assert (shown.code, "two  invalid" in shown.stdout) == (1, True)
        rig.push({"README.md": "Another thing.\n"})
        again = tegu(rig, "pull", "homelab")
        assert again.code == 0
        assert "two  still invalid" in again.stdout
        assert re.search(r"Done: 1 still invalid: two, 1 unchanged in .+ \(run \S+\)\.\n$", again.stdout)
        asked = tegu(rig, "deploy", "two")
        assert (asked.code, "two  invalid" in asked.stdout) == (1, True)
        assert "invalid" in tegu(rig, "explain", "two").stdout


def test_a_resumed_stack_is_waited_for(rig: Rig) -> None:
    rig.record()
    rig.services.state.pauses.pause("default/two", "ada", "")
    with rig.worker():
        done = tegu(rig, "resume", "two")
    assert (done.code, done.stderr) == (0, "")
    told, ended = done.stdout.splitlines()
    assert told == "two is resumed; it follows main again"
    assert ended.startswith("Done: 2 unchanged in ")


def test_whoever_presses_ctrl_c_is_told_that_the_run_goes_on(rig: Rig) -> None:
    with (rig.folder / "told").open("wb") as told:
        # Whoever runs the tests in a shell's background has made them, and so this program, deaf to Ctrl-C.
        argv = ["env", "--default-signal=INT", TEGU, "pull", "homelab"]
        waiting = spawn(argv, env=rig.env, cwd=rig.folder, stderr=told.fileno())
    try:
        run_id = eventually(lambda: rig.services.state.runs.list().items, "a run")[0].id
        eventually(lambda: _published(rig), "a message")
        # On a busy machine it may not wait yet, and a further signal would kill it while it tells what goes on.
        for _ in range(3):
            time.sleep(1)
            if waiting.poll() is None:
                os.kill(waiting.pid, signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    waiting.wait(20)
        assert waiting.wait(20) == 130
    finally:
        waiting.kill()
        waiting.communicate()
    assert f"The run goes on; `tegu log {run_id} -f` shows it." in (rig.folder / "told").read_text()


def _published(rig: Rig) -> int:
    return Liveness(rig.services.state.redis).backlog([pull_queue("local")])[pull_queue("local")]
