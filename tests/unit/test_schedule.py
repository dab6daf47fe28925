"""What beat sends follows the catalog."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery

from workers.celery import configuration
from workers.schedule import Schedule
from workers.settings import Settings

CATALOG = "repos:\n  homelab: {url: /srv/homelab.git, ref: main, discover: ['*']%s}\n"


@pytest.fixture
def schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Schedule:
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG % "")
    monkeypatch.setenv("TEGU_CATALOG", str(catalog))
    monkeypatch.setenv("TEGU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TEGU_RECONCILE", "90s")
    app = Celery("test", set_as_current=False)
    app.conf.update(configuration(Settings(data_dir=tmp_path)), include=[])
    return Schedule(app)


def _entries(schedule: Schedule) -> dict[str, tuple[str, timedelta, dict[str, str]]]:
    return {
        name: (entry.task, entry.schedule.run_every, entry.kwargs)
        for name, entry in schedule.schedule.items()
        if not name.startswith("celery.")
    }


def test_every_worker_reconciles_itself(schedule: Schedule) -> None:
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
