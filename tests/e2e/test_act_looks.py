"""What is seen before something is ordered, on every screen: fit for everybody, and with nothing cut off."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis
from werkzeug.serving import make_server

from app.http.factory import create_app
from app.pages.room import add_pages
from tests import acting, scenes
from tests.acting import COMPOSE, STACK, push
from tests.answering import answering
from tests.e2e.browser import Browser
from tests.git_server import Source
from tests.redis_server import RedisServer
from workers.adapters.queue import Queue
from workers.adapters.state.live import Live, LiveService
from workers.adapters.state.status import DecisionNote
from workers.answers import tasks
from workers.celery import configuration
from workers.model.commit import CommitNote
from workers.model.words import Action, Decision, Outcome, Reason
from workers.runtime.settings import Settings
from workers.services import Services

SHOTS = os.environ.get("TEGU_TEST_SHOTS")
HERE = f"/stacks/{STACK}"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return acting.source(tmp_path)


@pytest.fixture
def services(
    redis_server: RedisServer, redis: Redis, tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    assert redis.ping()
    file = tmp_path / "tegu.yaml"
    file.write_text(acting.catalog(source), encoding="utf-8")
    settings = Settings(catalog=file, data_dir=tmp_path, redis_url=redis_server.url, api_open="loopback")
    celery = Celery("tests", set_as_current=False)
    celery.conf.update(configuration(settings))
    made = Services(settings, queue=Queue(celery))
    monkeypatch.setattr(tasks, "current_services", lambda: made)
    yield made
    made.clone("homelab").close()  # but not its Redis, which pages still listen to


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, add_pages(create_app(services), services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def two_versions(services: Services, source: Source) -> str:
    """The second is deployed, and a third is known. Returns the first."""
    first = acting.deploy(services)
    state = services.state
    scenes.deployment(state, Decision(STACK, Action.UP, Reason.FIRST_DEPLOY, first), Outcome.DEPLOYED)
    second = push(services, source, {"a/compose.yaml": COMPOSE % 2})
    acting.deploy(services)
    scenes.deployment(state, Decision(STACK, Action.UP, Reason.CONTENT_CHANGED, second), Outcome.DEPLOYED)
    push(services, source, {"README.md": "said"})
    third = push(services, source, {"a/conf/one": "2\npassword: hunter2\n", "a/compose.yaml": COMPOSE % 3})
    clone = services.clone("homelab")
    state.commits.note({each: clone.said(each) or CommitNote("") for each in (first, second, third)})
    note = DecisionNote(Action.UP, Reason.WAITING, third, scenes.ago(minutes=2))
    state.records.set_status(STACK, latest_commit=third, last_decision=note)
    live = {name: LiveService("running", "healthy", scenes.ago(hours=3), f"{name}:2") for name in ("web", "db")}
    state.live.write({STACK: Live(live, scenes.WATCHER)})
    scenes.workers(state)
    return first


# Each width and each colour is seen; that both are seen with both is for `make test-releases`.
@pytest.mark.parametrize(
    ("width", "dark"),
    [
        (1280, False),
        (390, True),
        pytest.param(1280, True, marks=pytest.mark.thorough),
        pytest.param(390, False, marks=pytest.mark.thorough),
    ],
)
def test_every_plan_can_be_read_by_everybody(
    services: Services, source: Source, address: str, window: Browser, width: int, dark: bool
) -> None:
    first = two_versions(services, source)
    browser = window
    browser.fit(width, dark=dark)
    paths = {
        "acts": HERE,
        "deploy": f"{HERE}/deploy",
        "recreate": f"{HERE}/deploy?force=1",
        "rollback": f"{HERE}/rollback?to={first}",
        "pause": f"{HERE}/pause",
        "blocked": f"{HERE}/resume",
        "adopt": f"{HERE}/adopt",
        "changes": f"{HERE}/changes",
        "by-hand": f"{HERE}/by-hand",
    }
    suffix = f"{width}-{'dark' if dark else 'light'}"
    with answering(services):
        seen = {name: _seen(browser, f"{address}{path}", f"{name}-{suffix}") for name, path in paths.items()}
        browser.open(f"{address}{HERE}")
        for each in ("changes", "by-hand"):
            browser.find(f"details[data-asks$='{each}'] summary").click()
        browser.wait_for("password: ********")
        seen["opened"] = _look(browser, f"opened-{suffix}")
    services.state.redis.delete("tegu:alive:tegu.local.pull")
    seen["silence"] = _seen(browser, f"{address}{HERE}/deploy", f"silence-{suffix}")
    assert {name: found for name, found in seen.items() if found} == {}


def _seen(browser: Browser, url: str, name: str) -> list[str]:
    browser.open(url)
    return _look(browser, name)


def _look(browser: Browser, name: str) -> list[str]:
    if SHOTS:
        browser.shoot(Path(SHOTS) / f"{name}.webp")
    wide = ["wider than the window"] if browser.is_scrolled_sideways else []
    return [*browser.violations(), *wide]
