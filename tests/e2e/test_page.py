"""The pages in a real browser, on a living Tegu: logged in, watched live, read, and found fit for everybody."""

from __future__ import annotations

from tests.e2e.browser import Browser, look_over
from tests.e2e.system import System, eventually

WELL = """\
services:
  web: {image: "busybox:stable", command: sleep 1000, network_mode: none, stop_signal: SIGKILL}
"""
BAD = WELL.replace("sleep 1000", "sh -c 'echo the disk is full; exit 3'")


def test_somebody_logs_in_watches_a_run_live_and_reads_why_another_failed(system: System, browser: Browser) -> None:
    # Long enough to be watched, however busy the machine is.
    system.catalog["defaults"]["health"] = {"settle": "10s", "timeout": "60s"}
    system.start()
    _log_in(system, browser)
    _watch_a_run(system, browser)
    _find_out_why_another_failed(system, browser)
    _log_out_and_in_by_a_link(system, browser)


def _log_in(system: System, browser: Browser) -> None:
    browser.open(f"{system.url}/settings")
    assert browser.path == "/login"
    look_over(browser)
    browser.fill("#token", "a guess")
    browser.wait_for("That is not the token.")
    assert all("401" in each for each in browser.complaints())
    browser.fill("#token", system.token)
    browser.wait(lambda: browser.path == "/settings", "the page that was asked for")
    look_over(browser)


def _watch_a_run(system: System, browser: Browser) -> None:
    """It is seen without loading the page again."""
    browser.click("Overview")
    browser.wait_for("has found no stack yet")
    look_over(browser)
    browser.mark()
    status, answer = system.send_push(system.push({"services/web/compose.yaml": WELL}, "Begin with a web server"))
    assert status == 202, answer
    browser.wait_for("What happens now")
    browser.wait_for("deploying")
    browser.wait_for("Begin with a web server")
    system.follow(answer["run"])
    browser.wait_for("The only stack runs the newest commit.")
    browser.wait(lambda: "1/1" in browser.text, "the service that runs")
    assert browser.is_marked, "the page was loaded again"
    look_over(browser)


def _find_out_why_another_failed(system: System, browser: Browser) -> None:
    run = system.deploy({"services/db/compose.yaml": BAD, "services/worker/compose.yaml": WELL})
    browser.wait_for("What needs you")
    assert browser.is_marked
    for key in "/db":
        browser.press(key)
    browser.wait(lambda: len(browser.texts("table.stacks td:first-child")) == 1, "the stack that was looked for")
    look_over(browser)
    browser.click("db")
    browser.wait_for("exit code 3")
    look_over(browser)
    browser.click("failed")
    browser.wait_for("Log")
    assert "exit code 3" in browser.find(".say.bad").text
    look_over(browser)
    assert system.ask("/webhooks/homelab", b"{}", {"X-GitHub-Event": "push"})[0] == 401
    eventually(lambda: "unauthorized" in str(system.ask("/api/v1/deliveries")[1]), "a note of the delivery")
    for path in (f"/runs/{run['id']}", "/repos/homelab"):
        browser.open(f"{system.url}{path}")
        look_over(browser)
    browser.wait_for("wrong signature")


def _log_out_and_in_by_a_link(system: System, browser: Browser) -> None:
    browser.find("form[action='/logout'] button").click()
    browser.wait(lambda: browser.path == "/login", "the login")
    browser.open(system.url)
    assert browser.path == "/login"
    browser.open(system.tegu("open").stdout.strip())
    browser.wait(lambda: browser.path == "/", "the first page")
