"""What programs print of the values that a deployment has read is hidden, wherever it is told."""

from __future__ import annotations

import json

import pytest

from tests.integration.deploy.house import House, compose, service
from tests.releases import CHOSEN

pytestmark = pytest.mark.docker

PLANTED = {"file": "hunter2-of-the-file", "outside": "hunter2-outside", "variable": "hunter2-variable", "short": "k4tz"}


def test_secrets_that_hooks_and_compose_print_are_told_nowhere(house: House) -> None:
    """A hook prints all of them and the port, and fails; what is told names the port and the image still."""
    say = "cat app.env .env; echo $DB_PASSWORD; echo at port 8123 of busybox; exit 3"
    house.stack(variables={"DB_PASSWORD": PLANTED["variable"]}, hooks={"pre_deploy": [["sh", "-c", say]]})
    live = house.live() / "a"
    live.mkdir(parents=True)
    (live / ".env").write_text(f"API_TOKEN={PLANTED['outside']} # the new one\nPORT=8123\nPIN_KEY={PLANTED['short']}\n")
    env_file = f"A='{PLANTED['file']}'\nMODE=production\n"
    web = service("sleep 1000", env_file="app.env", environment={"B": "${API_TOKEN}", "P": "${PORT} ${PIN_KEY}"})
    ended = house.push({"a/compose.yaml": compose(web=web), "a/app.env": env_file})
    assert ended["outcome"] == "failed"
    log = house.log(ended["deployment"])
    assert "at port 8123 of busybox" in log
    assert "MODE=production" in log
    assert "A='********'" in log
    state = house.services.state
    rows = json.dumps([state.rows(), [each.to_json() for each in state.runs.list().items]])
    for name, secret in PLANTED.items():
        assert secret not in log, name
        assert secret not in json.dumps(ended) + rows, name
    events = state.redis.xrange("tegu:events")
    assert not any(secret in str(events) for secret in PLANTED.values())


def test_a_variable_that_no_system_takes_is_told_by_file(house: House) -> None:
    """All that Compose 2.26 says is `setenv: invalid argument`; 2.40 and 5.6 take it for a variable without a value."""
    house.stack()
    live = house.live() / "a"
    live.mkdir(parents=True)
    (live / ".env").write_text("EXAMPLESECRET and so on")
    ended = house.push({"a/compose.yaml": compose(web=service("sleep 1000"))})
    no_variable = ".env: a line is no NAME=value, or a value has a null character in it"
    assert (ended["outcome"], ended["message"]) == (("deployed", "") if CHOSEN else ("invalid", no_variable))
