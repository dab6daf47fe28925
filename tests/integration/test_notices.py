"""Notices through real Celery workers, with a receiver that hangs and one that has a secret in its address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from tests.receivers import Receiver, Silent
from tests.redis_server import RedisServer
from tests.worker_rig import Rig, compose, eventually
from workers.model.words import Trigger
from workers.reconcile.requests import request_pull

pytestmark = pytest.mark.redis

PLANTED = "planted-s3cr3t"
NOTIFY = """
notify:
  - url: {silent}{secret}
  - url: {taking}
"""


@pytest.fixture
def rig(
    own_redis_server: Callable[..., RedisServer], tmp_path: Path, receiver: Receiver, silent: Silent
) -> Iterator[Rig]:
    stacks = NOTIFY.format(silent=silent.url, secret=PLANTED, taking=receiver.url(PLANTED))
    made = Rig(tmp_path, own_redis_server().url, ["s0", "s1"], stacks)
    yield made
    made.close()


def everything_in(redis: Redis) -> str:
    """All keys with their values, as text."""
    read: dict[str, Callable[[str], Any]] = {
        "string": redis.get,
        "hash": redis.hgetall,
        "set": redis.smembers,
        "zset": lambda name: redis.zrange(name, 0, -1),
        "list": lambda name: redis.lrange(name, 0, -1),
        "stream": redis.xrange,
    }
    return repr({name: read[str(redis.type(name))](name) for name in cast("list[str]", redis.keys("*"))})


def pull(rig: Rig, files: dict[str, str | None]) -> dict[str, Any]:
    """Push and pull; the run."""
    rig.push(files)
    run, _ = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
    return rig.ended(run)


def test_a_receiver_that_hangs_holds_up_neither_runs_nor_others_and_no_address_gets_out(
    rig: Rig, receiver: Receiver
) -> None:
    good = compose("s0")
    rig.record()
    with rig.worker(TEGU_LOG_FORMAT="json"):
        eventually(lambda: "pulled" in rig.log, "reconcile has pulled")
        broken = pull(rig, {"services/s0/compose.yaml": "services: {s0: {image: [}}"})
        assert broken["stacks"]["default/s0"]["outcome"] == "invalid"
        eventually(lambda: receiver.titles == ["default/s0: invalid"], "the first notice")
        other = pull(rig, {"README.md": "nothing to do with it"})
        assert (other["status"], other["stacks"]["default/s0"]["still"]) == ("succeeded", True)
        assert pull(rig, {"services/s0/compose.yaml": good})["status"] == "succeeded"
        eventually(lambda: len(receiver.taken) == 2, "the second notice")
        eventually(lambda: rig.log.count("notice not taken") > 1, "it is tried again")
    assert receiver.titles == ["default/s0: invalid", "default/s0: recovered"]
    lines = [json.loads(line) for line in rig.log.splitlines() if "notice not taken" in line]
    assert datetime.fromisoformat(broken["finished_at"]) < datetime.fromisoformat(lines[0]["timestamp"])
    assert {(line["receiver"], line["service"]) for line in lines} == {("notify[0]", "json")}
    assert "Traceback" not in rig.log
    assert PLANTED not in rig.log + everything_in(rig.services.state.redis)


def test_a_call_from_a_bare_shell_tries_receivers_out(rig: Rig, receiver: Receiver) -> None:
    rig.record()
    with rig.worker():
        eventually(lambda: "pulled" in rig.log, "reconcile has pulled")
        pull(rig, {"README.md": "all is well"})
        assert rig.celery("call", "tegu.notify", "--args", '["s1"]').code == 0
        eventually(lambda: receiver.titles == ["default/s1: deployed"], "the notice")


def test_a_line_of_an_env_file_that_cannot_be_read_gets_nowhere(rig: Rig, receiver: Receiver) -> None:
    files: dict[str, str | None] = {}
    for name, content in {"s0": f"A=-----BEGIN\nMIIE{PLANTED}+abc/def==\n", "s1": f'A="{PLANTED} and so on\n'}.items():
        folder = rig.services.settings.data_dir / f"stacks/default/{name}/services/{name}"
        folder.mkdir(parents=True)
        (folder / "app.env").write_text(content)
        files[f"services/{name}/compose.yaml"] = f"services: {{{name}: {{image: x, env_file: app.env}}}}"
    rig.record()
    with rig.worker(TEGU_LOG_FORMAT="json"):
        eventually(lambda: "pulled" in rig.log, "reconcile has pulled")
        run = pull(rig, files)
        eventually(lambda: len(receiver.taken) == 2, "the notices")
    assert {each["outcome"] for each in run["stacks"].values()} == {"invalid"}
    told = "".join(str(each["message"]) for each in receiver.taken)
    assert "services/s0/app.env:2: " in told
    assert "services/s1/app.env:1: " in told
    assert PLANTED not in f"{rig.log}{everything_in(rig.services.state.redis)}{receiver.taken}{run}"
