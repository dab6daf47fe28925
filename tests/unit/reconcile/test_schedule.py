"""What beat sends follows the catalog."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from tests.redis_server import RedisServer
from workers.adapters.state import keys
from workers.adapters.state.liveness import Liveness
from workers.celery import configuration, pull_queue
from workers.reconcile.schedule import Schedule
from workers.runtime.settings import Settings

CATALOG = "repos:\n  homelab: {url: /srv/homelab.git, ref: main, discover: ['*']%s}\n"


@pytest.fixture
def schedule(tmp_path: Path, redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Schedule:
    assert redis.ping()
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % "")
    monkeypatch.setenv("TEGU_CATALOG", str(catalog))
    monkeypatch.setenv("TEGU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TEGU_RECONCILE", "90s")
    monkeypatch.setenv("TEGU_REDIS_URL", redis_server.url)
    app = Celery("test", set_as_current=False)
    app.conf.update(configuration(Settings(data_dir=tmp_path, redis_url=redis_server.url)), include=[])
    return Schedule(app)


def _entries(schedule: Schedule) -> dict[str, tuple[str, timedelta, dict[str, str]]]:
    return {
        name: (entry.task, entry.schedule.run_every, entry.kwargs)
        for name, entry in schedule.schedule.items()
        if not name.startswith("celery.")
    }


def test_every_worker_of_the_catalog_reconciles_and_the_own_one_in_any_case(schedule: Schedule, tmp_path: Path) -> None:
    text = "environments: {nas: {worker: nas}, home: {worker: local}}\n"
    (tmp_path / "tegu.yaml").write_text(CATALOG % "" + text)
    schedule.tick()
    found = {name: (task, kwargs) for name, (task, _, kwargs) in _entries(schedule).items()}
    assert found == {
        "reconcile": ("tegu.reconcile", {"worker": "local"}),
        "reconcile nas": ("tegu.reconcile", {"worker": "nas"}),
    }


def test_a_worker_elsewhere_is_sent_something_while_it_is_there(
    schedule: Schedule, redis: Redis, tmp_path: Path
) -> None:
    text = "environments: {nas: {worker: nas}, pi: {worker: pi}, home: {worker: local}}\n"
    (tmp_path / "tegu.yaml").write_text(CATALOG % "" + text)
    schedule.tick()
    Liveness(redis).beat([pull_queue("nas")])
    for entry in schedule.schedule.values():
        schedule.apply_entry(entry, schedule.producer)
    queues = {worker: redis.llen(pull_queue(worker)) for worker in ("local", "nas", "pi")}
    assert queues == {"local": 1, "nas": 1, "pi": 0}


def test_the_own_worker_reconciles(schedule: Schedule) -> None:
    assert _entries(schedule) == {"reconcile": ("tegu.reconcile", timedelta(seconds=90), {"worker": "local"})}


def test_a_repo_with_poll_joins_when_the_catalog_changes_and_leaves_again(schedule: Schedule, tmp_path: Path) -> None:
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % ", poll: 5m")
    schedule.tick()
    assert _entries(schedule)["poll homelab"] == ("tegu.pull", timedelta(minutes=5), {"repo": "homelab"})
    catalog.write_text("repos: [")
    schedule.tick()
    assert "poll homelab" in _entries(schedule)
    catalog.write_text(CATALOG % "")
    schedule.tick()
    assert list(_entries(schedule)) == ["reconcile"]


def test_a_message_nobody_took_in_time_is_dropped(schedule: Schedule) -> None:
    assert schedule.schedule["reconcile"].options["expires"] == 90


def test_of_several_who_keep_the_schedule_one_sends_what_is_due(schedule: Schedule, redis: Redis) -> None:
    other = Schedule(schedule.app)
    for each in (schedule, other, schedule):
        for entry in each.schedule.values():
            each.apply_entry(entry, each.producer)
    assert redis.llen(pull_queue("local")) == 1
    assert 80_000 < redis.pttl(keys.sent("tegu.reconcile:local")) <= 81_000  # gone before its next time has come
