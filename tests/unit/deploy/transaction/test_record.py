"""The record of what is deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.records import a_record
from tests.unit.deploy.transaction.grounds import a_container, a_decision, a_ground, a_model, a_work, details, running
from workers.adapters.state.deployed import Deployed, Healed
from workers.deploy.containers.running import Running
from workers.deploy.transaction.prepared import Prepared
from workers.deploy.transaction.record import brought_back, containers_of, previous_of, record_of
from workers.model.words import Action, Reason

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEB, DB = a_container("web"), a_container("db")


def prepared(root: Path, reason: Reason = Reason.CONTENT_CHANGED, record: Deployed | None = None) -> Prepared:
    ground = a_ground(root, record=record)
    work = a_work(ground, a_model(web={}), running(WEB), a_decision(reason, web=Action.UP))
    return Prepared(work, ground.snapshot, {}, (), {})


def test_it_says_what_runs(tmp_path: Path) -> None:
    made = record_of(prepared(tmp_path), running(WEB), NOW)
    assert (made.commit, made.services, made.deployment) == ("new", ("web",), "d1")
    assert made.images == {"web:1": "sha256:web"}
    assert made.containers["a-web-1"].id == "id-web"
    assert (made.previous, made.heals) == (None, {})


def test_a_healing_is_counted(tmp_path: Path) -> None:
    made = record_of(prepared(tmp_path, Reason.DRIFTED), running(WEB), NOW)
    assert made.heals == {"web": Healed(1, NOW)}


@pytest.mark.parametrize(
    ("before", "expected"),
    [(None, None), (a_record("c1"), "c1"), (replace(a_record("c2"), previous="c1"), "c1"), (a_record("c2"), None)],
)
def test_a_rollback_by_hand_goes_to_the_commit_before(before: Deployed | None, expected: str | None) -> None:
    assert previous_of(before, "c2") == expected


def test_after_the_way_back_only_what_was_started_on_it_is_recorded_anew() -> None:
    before = running(WEB, DB)
    record = replace(
        a_record(), containers=containers_of(running(replace(WEB, id="recorded"), replace(DB, id="recorded")))
    )
    now = Running((details(WEB), details(replace(DB, id="made"), "2")))
    back = brought_back(record, now, frozenset(before.starts))
    assert {name: each.id for name, each in back.containers.items()} == {"a-web-1": "recorded", "a-db-1": "made"}
