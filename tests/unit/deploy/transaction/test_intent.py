"""An intent comes back from the journal as it was."""

from __future__ import annotations

import json

from workers.deploy.files.data import Belonging
from workers.deploy.files.switch_plan import Do, Operation
from workers.deploy.transaction.intent import Intent
from workers.deploy.transaction.volumes import Volume
from workers.model.words import Action

VOLUME = Volume("p_v", "local", {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/a"}, {"a": "b"})
INTENT = Intent(
    deployment="d",
    commit="c2",
    previous="c1",
    fingerprint="f",
    switched=False,
    operations=(Operation(Do.PUT, "a/b", old=True, keep=True, mode=0o100644, oid="1"), Operation(Do.PRUNE, "x")),
    images={"i:1": "sha256:1", "i:2": None},
    services={"web": Action.UP},
    starts=frozenset({("id", "2026-11-23T11:22:33Z")}),
    resting=frozenset({"job"}),
    networks=frozenset({"id"}),
    network_keys=("n",),
    volumes={"v": VOLUME},
    project="p",
    docker_host="unix:///d.sock",
    brought=(Belonging("/old/data", "a/data", "copy"),),
    halted=("id",),
)


def test_it_survives_json() -> None:
    for intent in (INTENT, INTENT.done(), INTENT.done().turned("it broke")):
        assert Intent.from_json(json.loads(json.dumps(intent.to_json()))) == intent


def test_a_turned_intent_always_says_that_it_turned() -> None:
    assert INTENT.turned("").failed
