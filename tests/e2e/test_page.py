"""The pages in a real browser, on a living Tegu: logged in, watched live, read, acted from.

That every page is fit for everybody is found in `test_page_looks.py` and `test_act_looks.py`; here, of what only lives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browser import Browser, glance_at, look_over
from tests.e2e.orders import act
from tests.e2e.system import System, eventually
from workers.adapters.state import keys
from workers.runtime.settings import load_settings
from workers.services import Services

# What is watched goes on when the test has seen it: it waits for a file.
WELL = """\
services:
  web:
    image: busybox:stable
    command: sleep 1000
    network_mode: none
    stop_signal: SIGKILL
    volumes: ["FLAG:/flag:ro"]
    healthcheck: {test: [CMD, test, -e, /flag/well], interval: 1s, retries: 600}
"""
ENDING = "until test -e /flag/full; do sleep 0.1; done; echo the disk is full; exit 3"
BAD = WELL.replace("sleep 1000", f"sh -c '{ENDING}'").replace("/flag/well", "/flag/never")


def flag(system: System, name: str) -> Path:
    return system.folder / "flag" / name


def stack(system: System, name: str, text: str) -> dict[str, str]:
    return {f"services/{name}/compose.yaml": text.replace("FLAG", str(system.folder / "flag"))}


_LONG_BEFORE_A_LOOK = 30.0
"""Seconds: half as long as pages are calm."""


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory, engine: None) -> Iterator[System]:  # noqa: ARG001
    """A Tegu of these tests alone, which knows of no stack yet."""
    made = System(tmp_path_factory.mktemp("living"))
    try:
        made.catalog["defaults"]["health"] = {"settle": "2s", "timeout": "600s"}
        (made.folder / "flag").mkdir()
        made.start()
        yield made
    finally:
        made.stop()


def test_somebody_logs_in_watches_a_run_live_and_reads_why_another_failed(living: System, browser: Browser) -> None:
    _log_in(living, browser)
    _watch_a_run(living, browser)
    _see_a_container_stop_and_start(living, browser)
    run = _follow_a_failing_log(living, browser)
    _find_out_why_another_failed(living, browser, run)
    _read_why_a_stack_was_left_alone(living, browser)
    _see_a_wrong_signature(living, browser)
    _find_one_of_500(living, browser)
    _log_out_and_in_by_a_link(living, browser)


def test_somebody_acts_from_the_page(living: System, browser: Browser) -> None:
    browser.open(f"{living.url}/login")
    browser.fill("#token", living.token)
    browser.wait(lambda: browser.path == "/", "the first page")
    act(living, browser)


def _log_in(system: System, browser: Browser) -> None:
    browser.open(f"{system.url}/settings")
    assert browser.path == "/login"
    glance_at(browser)
    browser.fill("#token", "a guess")
    browser.wait_for("That is not the token.")
    assert all("401" in each for each in browser.complaints())
    browser.fill("#token", system.token)
    browser.wait(lambda: browser.path == "/settings", "the page that was asked for")
    glance_at(browser)


def _watch_a_run(system: System, browser: Browser) -> None:
    """It is seen without loading the page again."""
    browser.click("Overview")
    browser.wait_for("has found no stack yet")
    glance_at(browser)
    browser.mark()
    status, answer = system.send_push(system.push(stack(system, "web", WELL), "Begin with a web server"))
    assert status == 202, answer
    browser.wait_for("What happens now")
    browser.wait_for("deploying")
    browser.wait_for("Begin with a web server")
    flag(system, "well").touch()
    system.follow(answer["run"])
    browser.wait_for("The only stack runs the newest commit.")
    browser.wait(lambda: "1/1" in browser.text, "the service that runs")
    assert browser.is_marked, "the page was loaded again"
    look_over(browser)


def _see_a_container_stop_and_start(system: System, browser: Browser) -> None:
    """By the first page and the stack's own, neither of which is loaded again, nor looks by itself so soon."""
    for path in ("/", "/stacks/default/web"):
        browser.open(f"{system.url}{path}")
        browser.mark()
        browser.wait(lambda: not browser.texts(".under-way, .is-live"), "nothing that is under way")
        system.docker("web/web/1", "pause")
        browser.wait(lambda: "0/1" in browser.text, "that it does not run", _LONG_BEFORE_A_LOOK)
        system.docker("web/web/1", "unpause")
        browser.wait(lambda: "1/1" in browser.text, "that it runs", _LONG_BEFORE_A_LOOK)
        assert browser.is_marked, "the page was loaded again"


def _follow_a_failing_log(system: System, browser: Browser) -> str:
    """It grows while the deployment runs, and what failed comes to the top; the run's id."""
    status, answer = system.send_push(system.push(stack(system, "db", BAD) | stack(system, "worker", WELL)))
    assert status == 202, answer

    def begun() -> str:
        found = system.ask("/api/v1/deployments?stack=default/db")[1]["items"]
        return str(found[0]["id"]) if found else ""

    browser.open(f"{system.url}/deployments/{eventually(begun, 'its deployment')}")
    browser.wait_for("It grows while the deployment runs.")
    browser.mark()
    browser.wait(lambda: "docker compose" in browser.find("pre.log").text, "what is called")
    flag(system, "full").touch()
    browser.wait(lambda: "the disk is full" in browser.find(".ailing").text, "what failed")
    assert browser.is_marked, "the page was loaded again"
    assert "has ended with exit code 3" in browser.find(".ailing").text
    assert "exit code 3" in browser.find("pre.log").text
    look_over(browser)
    browser.press("/")
    for key in "disk is":
        browser.press(key)
    browser.wait_for("lines have “disk is”")
    glance_at(browser)
    system.follow(answer["run"])
    return str(answer["run"])


def _find_out_why_another_failed(system: System, browser: Browser, run: str) -> None:
    browser.open(system.url)
    browser.wait_for("What needs you")
    for key in "/db":
        browser.press(key)
    browser.wait(lambda: len(browser.texts("table.stacks td:first-child")) == 1, "the stack that was looked for")
    glance_at(browser)
    browser.click("db")
    browser.wait_for("exit code 3")
    look_over(browser)
    for path in (f"/runs/{run}", "/settings"):
        browser.open(f"{system.url}{path}")
        glance_at(browser)


def _read_why_a_stack_was_left_alone(system: System, browser: Browser) -> None:
    """Content that has failed is not tried again with the next push that does not change it."""
    run = system.deploy(stack(system, "web", WELL.replace("1000", "1001")))
    browser.open(f"{system.url}/runs/{run['id']}")
    rows = {row.partition("\n")[0]: row for row in browser.texts("#parts tbody tr")}
    said = next(row for name, row in rows.items() if "default/db" in name)
    assert "left alone" in said
    assert "this content failed before" in said
    assert "brought up web: compose.yaml changed" in next(row for name, row in rows.items() if "default/web" in name)
    glance_at(browser)


def _see_a_wrong_signature(system: System, browser: Browser) -> None:
    assert system.ask("/webhooks/homelab", b"{}", {"X-GitHub-Event": "push"})[0] == 401
    eventually(lambda: "unauthorized" in str(system.ask("/api/v1/deliveries")[1]), "a note of the delivery")
    browser.open(f"{system.url}/repos/homelab")
    browser.wait_for("wrong signature")
    assert "kB" in browser.text, "the size of the clone"
    glance_at(browser)


def _find_one_of_500(system: System, browser: Browser) -> None:
    """Two keystrokes are enough; the others are only written down."""
    state = Services(load_settings(system.env)).state
    names = [f"{letter}{number}-app" for number in range(20) for letter in "abcdefghijklmnopqrstuvwxy"]
    with state.redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hset(keys.status(f"default/{name}"), "latest_commit", '"c1"')
        pipeline.sadd(keys.stacks(), *(f"default/{name}" for name in names), "default/zq-app")
        pipeline.execute()
    browser.open(system.url)
    browser.wait_for("c19-app")
    for key in "/zq":
        browser.press(key)
    browser.wait(lambda: browser.texts("table.stacks td:first-child") == ["zq-app"], "one of 500")
    assert "zq" in browser.query
    glance_at(browser)
    state.redis.srem(keys.stacks(), *(f"default/{name}" for name in names), "default/zq-app")


def _log_out_and_in_by_a_link(system: System, browser: Browser) -> None:
    browser.find("form[action='/logout'] button").click()
    browser.wait(lambda: browser.path == "/login", "the login")
    browser.open(system.url)
    assert browser.path == "/login"
    browser.open(system.tegu("open").stdout.strip())
    browser.wait(lambda: browser.path == "/", "the first page")
