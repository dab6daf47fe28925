"""Every page on every screen, whatever there is to see: fit for everybody, and with nothing cut off."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from werkzeug.serving import make_server

from app.http.factory import create_app
from app.pages.room import add_pages
from tests import scenes
from tests.e2e.browser import Browser
from tests.redis_server import RedisServer
from tests.releases import THOROUGH
from tests.unit.pages.conftest import CATALOG
from workers.adapters.state.state import State
from workers.model.words import Action, Decision, Outcome, Reason
from workers.runtime.settings import Settings
from workers.services import Services

SHOTS = os.environ.get("TEGU_TEST_SHOTS")
"""A folder in which pictures are left, to be looked at."""
STACK = "production/mail"


@pytest.fixture
def services(redis_server: RedisServer, redis: Redis, tmp_path: Path) -> Services:
    assert redis.ping()
    (tmp_path / "tegu.yaml").write_text(CATALOG, encoding="utf-8")
    url = redis_server.url
    return Services(
        Settings(catalog=tmp_path / "tegu.yaml", data_dir=tmp_path, redis_url=url, api_open="loopback"),
    )


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, add_pages(create_app(services), services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


# Half a minute of axe for what is made of one template again and again, which `make test-releases` takes.
PARTS = {} if THOROUGH else {"api": ("header", "#stack", "#StackDetail")}


def everything(state: State) -> dict[str, str]:
    """All there is to see, good and bad; the paths of the pages by name."""
    scenes.everything_broken(state)
    places = {f"production/{name}": f"services/{name}" for name in ("authelia", "grafana", "mail", "vault", "wiki")}
    state.discovered.replace("homelab", ["production"], places, {})
    state.repos.note_size("homelab", "local", 48_300_000)
    scenes.pasts(state, [*places, "production/home", "production/git"])
    run = scenes.under_way(state, [f"production/{name}" for name in ("vault", "git", "wiki")])
    failed = scenes.went_wrong(state, STACK)
    return {
        "broken": "/",
        "stack": f"/stacks/{STACK}",
        "run": f"/runs/{run}",
        "deployment": f"/deployments/{failed}",
        "repo": "/repos/homelab",
        "settings": "/settings",
        "api": "/api/v1/docs",
        "login": "/login",
        "nothing": "/stacks/production/nope",
        "found": "/?q=mail&group=host",
    }


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_every_page_can_be_read_by_everybody(
    services: Services, address: str, window: Browser, width: int, dark: bool
) -> None:
    browser = window
    browser.fit(width, dark=dark)
    pages = everything(services.state)
    seen = {
        name: _seen(browser, f"{address}{path}", f"{name}-{width}", *PARTS.get(name, ()))
        for name, path in pages.items()
    }
    browser.open(f"{address}/")
    assert not browser.is_in_view("table.stacks")
    browser.press("/")
    browser.wait(lambda: browser.is_in_view("table.stacks"), "the list in which somebody is about to find a stack")
    services.state.redis.flushall()
    scenes.all_well(services.state, 40)
    scenes.pasts(services.state, [f"production/stack-{number:04}" for number in range(40)])
    seen["well"] = _seen(browser, f"{address}/", f"well-{width}")
    services.state.redis.flushall()
    seen["empty"] = _seen(browser, f"{address}/", f"empty-{width}")
    assert {name: found for name, found in seen.items() if found} == {}


def test_a_page_that_is_not_current_any_more_says_so_and_ages_go_on(
    services: Services, address: str, window: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.all_well(services.state, 3)
    browser = window
    browser.fit(1280)
    browser.open(f"{address}/")
    assert "stale" not in browser.classes
    browser.wait(lambda: "Last push just now" not in browser.text, "a time that has passed")
    monkeypatch.setattr("app.pages.overview.check", lambda _: 1 / 0)
    browser.find("#search").send_keys("s")
    browser.wait(lambda: "stale" in browser.classes, "that the page is not current")
    monkeypatch.undo()
    browser.find("#search").send_keys("t")
    browser.wait(lambda: "stale" not in browser.classes, "that it is again")


def test_a_log_is_followed_line_by_line_until_its_deployment_ends(
    services: Services, address: str, window: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = Decision(STACK, Action.RESTART, Reason.CONTENT_CHANGED, scenes.commit(1))
    made = scenes.deployment(services.state, decision, None)
    browser = window
    browser.fit(1280)
    browser.open(f"{address}/deployments/{made}")
    monkeypatch.setattr("app.pages.deployment.read", lambda *_: 1 / 0)  # so nothing new comes with the page itself
    told = []
    for number in range(3):
        told.extend([f"layer {number} pulled", f"layer {number} kept"])
        services.state.deployments.tell(made, told[-2:])
        browser.wait(lambda: told[-1] in browser.find("pre.log").text, "the last line")
    lines = browser.find("pre.log").text.splitlines()
    assert lines[-6:] == told
    assert len(lines) == 9
    monkeypatch.undo()
    services.state.deployments.finish(made, Outcome.DEPLOYED)
    browser.wait(lambda: "deployed" in browser.find("h1").text, "how it ended")
    assert browser.find("pre.log").get_attribute("data-follow") is None
    assert browser.find("pre.log").text.splitlines() == lines


def _seen(browser: Browser, url: str, name: str, *parts: str) -> list[str]:
    browser.open(url)
    if SHOTS:
        browser.shoot(Path(SHOTS) / f"{name}.webp")
    wide = ["wider than the window"] if browser.is_scrolled_sideways else []
    return [*browser.violations(*parts), *wide]


def test_what_reads_is_tried_from_the_description_of_the_api(services: Services, address: str, window: Browser) -> None:
    scenes.all_well(services.state, 3)
    browser = window
    browser.fit(1280)
    browser.open(f"{address}/api/v1/docs#stack")
    browser.fill("#stack input[name=environment]", "production")
    assert browser.texts("#stack [role=status]") == [""]  # a stack has a name, too
    browser.fill("#stack input[name=name]", "nope")
    browser.wait(lambda: "404" in browser.text, "the answer of the API")
    assert "there is no stack production/nope" in browser.find("#stack pre").text
    browser.click("StackDetail")
    browser.wait(lambda: browser.find("#StackDetail table").is_displayed(), "the shape")
    assert [each for each in browser.complaints() if "404" not in each] == []
