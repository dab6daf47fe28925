"""What earlier releases left unsaid of what is deployed has its defaults, and stays unsaid."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.records import a_record, a_snapshot
from workers.adapters.state.deployed import (
    Call,
    Deployed,
    Healed,
    Home,
    RecordedContainer,
    host_of,
    is_of_another_worker,
)
from workers.model.stack import Options, Stack

STACK = Stack("production", "a", "homelab", "a", "main", "local", "unix:///d.sock", "a", Options())
SPARSE = {"snapshot": a_snapshot("c1").to_json(), "commit": "c1", "path": "a", "fingerprint": "f1"}
CALL = {"files": ["a/compose.yaml"], "env_files": [], "profiles": ["p"], "variables": {"A": "1"}, "environment": {}}


def test_what_a_record_does_not_say_is_as_the_stack_has_it() -> None:
    record = Deployed.from_json(SPARSE)
    assert (record.repo, record.worker, record.project, record.docker_host) == (None, None, None, None)
    assert record.home(STACK) == Home("local", "unix:///d.sock", "a") == Home.of(STACK)
    assert record.repo_of(STACK) == "homelab"
    assert host_of(STACK, record) == host_of(STACK, None) == "unix:///d.sock"
    assert (record.services, record.images, record.containers, record.heals) == ((), {}, {}, {})
    assert (record.deployment, record.previous, record.seconds) == ("", None, {})
    assert record.to_json().keys() - SPARSE.keys() == {"services", "images", "containers", "deployment", "previous"}


def test_what_a_record_says_counts() -> None:
    record = a_record(repo="other", worker="nas", project="b", docker_host="ssh://nas")
    assert record.home(STACK) == Home("nas", "ssh://nas", "b")
    assert (record.repo_of(STACK), host_of(STACK, record)) == ("other", "ssh://nas")


def test_a_record_comes_back_from_json_as_it_was() -> None:
    record = a_record(
        "c2",
        repo="homelab",
        services=("db", "web"),
        images={"busybox": "sha256:1", "gone": None},
        containers={"a-web-1": RecordedContainer("id", "web", "sha256:1", "hash", "2.26.1", "running", "always")},
        deployment="d1",
        at="2026-01-01T00:00:00.000Z",
        previous="c1",
        heals={"web": Healed(2, datetime(2026, 1, 1, tzinfo=UTC))},
        seconds={"up": 1.5},
    )
    assert Deployed.from_json(record.to_json()) == record


@pytest.mark.parametrize("lacking", ["snapshot", "fingerprint"])
def test_a_record_without_content_is_none(lacking: str) -> None:
    with pytest.raises(KeyError, match=lacking):
        Deployed.from_json({name: value for name, value in SPARSE.items() if name != lacking})


def test_a_container_of_which_little_is_known_has_nothing_to_compare_with() -> None:
    container = RecordedContainer.from_json({"id": "1", "service": "web"})
    assert container == RecordedContainer("1", "web", image_id=None, config_hash=None, compose="", state="", restart="")


def test_files_that_reach_no_service_move_a_record_on_and_end_what_was_healed() -> None:
    record = a_record("c1", deployment="d1", heals={"web": Healed(1, datetime(2026, 1, 1, tzinfo=UTC))})
    moved = record.moved_on(a_snapshot("c2"), "homelab", "2026-01-02T00:00:00.000Z")
    assert (moved.commit, moved.fingerprint) == ("c2", a_snapshot("c2").fingerprint)
    assert (moved.repo, moved.at, moved.heals, moved.deployment) == ("homelab", "2026-01-02T00:00:00.000Z", {}, "d1")


def test_a_call_without_project_and_policy_leaves_both_to_the_stack() -> None:
    call = Call.from_json({**CALL, "path": "a"})
    assert (call.project, call.when_removed, call.keeps_unversioned) == (None, None, False)
    assert call.to_json() == {**CALL, "path": "a"}


def test_a_call_comes_back_from_json_as_it_was() -> None:
    call = Call(
        "a", "a", ("a/compose.yaml",), ("/etc/a.env",), ("p",), {"A": "1"}, {"B": "2"}, "stop", keeps_unversioned=True
    )
    assert Call.from_json(call.to_json()) == call


def test_what_another_worker_has_deployed_is_its_own_until_this_one_has() -> None:
    theirs, own = a_record(worker="nas"), a_record(worker="local")
    assert is_of_another_worker(STACK, None, theirs)
    assert not is_of_another_worker(STACK, own, theirs)
    assert not is_of_another_worker(STACK, None, a_record())
    assert not is_of_another_worker(STACK, None, None)
