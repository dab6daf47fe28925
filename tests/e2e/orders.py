"""Acting from the page, step by step: the plan is seen first, and what runs is what was seen."""

from __future__ import annotations

import json
import subprocess

from tests.e2e.browser import Browser, glance_at, look_over
from tests.e2e.system import System

WEB = "/stacks/default/shop"
"""Its stacks are of other names than those that somebody has only looked at before, on the same Tegu."""


def service(command: str, *volumes: str) -> str:
    web = {
        "image": "busybox:stable",
        "command": command,
        "network_mode": "none",
        "stop_signal": "SIGKILL",
        "volumes": list(volumes),
    }
    return json.dumps({"services": {"web": web}})


def sleeps(seconds: int) -> dict[str, str | None]:
    return {"services/shop/compose.yaml": service(f"sleep {seconds}")}


def act(system: System, browser: Browser) -> None:
    """Order all that can be ordered; somebody is logged in."""
    system.deploy(sleeps(1001))
    system.deploy(sleeps(1002))
    _roll_back(system, browser)
    _resume(system, browser, command="sleep 1002")
    _pause(system, browser)
    _see_what_is_left_undone(system, browser)
    _resume(system, browser, command="sleep 1003")
    _be_refused(system, browser)
    _try_again(system, browser)
    _cancel(system, browser)
    _adopt(system, browser)
    _forget(system, browser)


def _order(system: System, browser: Browser, button: str) -> None:
    """Press the button below a plan, and wait for the run that it leads to."""
    glance_at(browser)
    browser.find(".confirm button").click()
    browser.wait(lambda: browser.path.startswith("/runs/"), "the run")
    system.follow(browser.path.removeprefix("/runs/"))
    browser.wait(lambda: ", ended " in browser.text, "its end")
    assert "by the page (whoever has the token)" in browser.text, button


def _runs(system: System, stack: str = "shop") -> str:
    """The command of the stack's container."""
    (container,) = (each for name, each in system.containers().items() if name.startswith(f"{stack}/"))
    return _inspected(container.id)


def _inspected(container: str) -> str:
    argv = ["docker", "inspect", "--format", '{{join .Config.Cmd " "}}', container]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def _roll_back(system: System, browser: Browser) -> None:
    browser.open(f"{system.url}{WEB}")
    glance_at(browser)
    browser.click("Roll back to this")
    browser.wait_for("Commits that are taken back")
    assert "Bring up web" in browser.text
    assert _runs(system) == "sleep 1002"
    _order(system, browser, "Roll back now")
    assert _runs(system) == "sleep 1001"
    browser.open(f"{system.url}{WEB}")
    browser.wait_for("pinned")
    assert "by whoever has the token" in browser.text


def _resume(system: System, browser: Browser, *, command: str) -> None:
    browser.open(f"{system.url}{WEB}")
    browser.click("Resume")
    browser.wait_for("What would be done")
    assert "Bring up web: compose.yaml changed." in browser.text
    _order(system, browser, "Resume it")
    assert _runs(system) == command


def _pause(system: System, browser: Browser) -> None:
    browser.open(f"{system.url}{WEB}")
    browser.click("Pause")
    browser.wait_for("Nothing is touched.")
    glance_at(browser)
    browser.fill("#reason", "moving house")
    browser.wait(lambda: browser.path == WEB, "the stack's page")
    assert "paused by whoever has the token: moving house" in browser.text


def _see_what_is_left_undone(system: System, browser: Browser) -> None:
    """What is pushed now is not deployed, and can be seen; so can how Compose is called, which works."""
    system.deploy(sleeps(1003))
    assert _runs(system) == "sleep 1002"
    browser.open(f"{system.url}{WEB}")
    browser.find("details[data-asks$='/changes'] summary").click()
    browser.wait_for("sleep 1003")
    assert len(browser.texts(".diff .ins")) == 1
    browser.find("details[data-asks$='/by-hand'] summary").click()
    browser.wait(lambda: browser.texts(".command"), "the command")
    glance_at(browser)
    (command,) = browser.texts(".command")
    told = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=60).stdout
    assert f"{system.prefix}-shop-web-1" in told


def _be_refused(system: System, browser: Browser) -> None:
    """Neither a page that has no token of ours nor somebody without a session orders anything."""
    script = "return fetch(arguments[0], {method: 'POST'}).then((answer) => answer.status)"
    assert browser.run(script, f"{WEB}/pause") == 403
    browser.complaints()  # the browser tells of it, too
    assert system.ask(f"{WEB}/pause", b"once=" + b"0" * 32)[0] == 403
    assert system.ask("/api/v1/stacks/default/shop")[1]["paused"] is None


def _try_again(system: System, browser: Browser) -> None:
    """What has failed for something that has been put right since."""
    flag = system.folder / "open"
    flag.mkdir()
    command = "sh -c 'test -e /flag/there || exit 3; sleep 1000'"
    system.deploy({"services/till/compose.yaml": service(command, f"{flag}:/flag:ro")})
    (flag / "there").touch()
    browser.open(system.url)
    browser.click("till")
    browser.wait_for("exit code 3")
    browser.click("Try again")
    browser.wait_for("What would be done")
    _order(system, browser, "Deploy now")
    browser.wait_for("1 deployed")


def _cancel(system: System, browser: Browser) -> None:
    """What would be waited for for half a minute."""
    check = {"test": ["CMD", "false"], "interval": "1s", "retries": 100}
    web = {"image": "busybox:stable", "command": "sleep 1000", "network_mode": "none", "stop_signal": "SIGKILL"}
    text = json.dumps({"services": {"web": {**web, "healthcheck": check}}})
    status, answer = system.send_push(system.push({"services/shop/compose.yaml": text}))
    assert status == 202, answer
    browser.open(f"{system.url}{WEB}")
    browser.wait(lambda: "Cancel" in browser.texts("a.button.primary"), "the button")
    browser.click("Cancel")
    browser.wait_for("stops at its next safe point")
    look_over(browser)
    browser.find(".confirm button").click()
    browser.wait(lambda: browser.path.startswith("/deployments/"), "the deployment")
    assert system.follow(answer["run"])["stacks"]["default/shop"]["outcome"] == "cancelled"
    browser.wait_for("cancelled")
    assert _runs(system) == "sleep 1003"


def _adopt(system: System, browser: Browser) -> None:
    """A project that somebody has started elsewhere comes along with its data."""
    elsewhere = system.folder / "by-hand"
    (elsewhere / "data").mkdir(parents=True)
    (elsewhere / "data/kept").write_text("1")
    text = service("sleep 1000", "./data:/data")
    (elsewhere / "compose.yaml").write_text(text)
    argv = ["docker", "compose", "-p", f"{system.prefix}-old", "--project-directory", str(elsewhere), "up", "-d"]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)
    system.deploy({"services/old/compose.yaml": text})
    browser.open(f"{system.url}/stacks/default/old")
    browser.click("Decide about its data")
    browser.wait_for("Choose above what becomes of it")
    glance_at(browser)
    browser.click("Copy its data")
    browser.wait_for("Its data is copied")
    _order(system, browser, "Adopt it")
    assert system.live("old", "services/old/data/kept").read_text() == "1"


def _forget(system: System, browser: Browser) -> None:
    system.deploy({"services/old/compose.yaml": None})
    browser.open(f"{system.url}/stacks/default/old")
    browser.click("Forget")
    browser.wait_for("Leave its containers")
    browser.click("Take them down first")
    browser.wait_for("removed")
    _order(system, browser, "Forget it")
    assert not any(name.startswith("old/") for name in system.containers())
    assert system.ask("/api/v1/stacks/default/old")[0] == 404
