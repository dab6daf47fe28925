"""A stack's own programs, and the time that they and `up` have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service

pytestmark = pytest.mark.docker

TELL = 'echo "$TEGU_ACTION $TEGU_COMMIT $TEGU_PREVIOUS_COMMIT" >> ../../../../../told'


def web(command: str, **more: object) -> dict[str, str | None]:
    return {"a/compose.yaml": compose(web=service(command, **more))}


def told(house: House) -> list[str]:
    place = house.folder / "told"
    return place.read_text().splitlines() if place.exists() else []


def test_every_deployment_that_has_failed_is_told_to_its_hooks(house: House) -> None:
    house.stack(hooks={"on_failure": [["sh", "-c", TELL]]})
    first = house.push(web("sleep 1000", image="localhost:1/none:1"))
    assert (first["outcome"], told(house)) == ("failed", [])  # there is no directory yet
    assert "no on_failure hook" in house.log(first["deployment"])
    good = house.push(web("sleep 1000"))
    assert (good["outcome"], told(house)) == ("deployed", [])

    pulled = house.push(web("sleep 1001", image="localhost:1/none:1"))
    crashed = house.push(web("exit 3"))
    assert house.push({"a/compose.yaml": "services: ["})["outcome"] == "invalid"

    assert (pulled["outcome"], crashed["outcome"]) == ("failed", "rolled_back")
    assert told(house) == [f"up {each['commit']} {good['commit']}" for each in (pulled, crashed)]


LIMITS: dict[str, tuple[dict[str, Any], dict[str, str | None], str]] = {
    "a hook": (
        {"limits": {"hook": "5s"}, "hooks": {"pre_deploy": [["sh", "-c", "test ! -e ../slow || sleep 60"]]}},
        web("sleep 1001"),
        "pre_deploy hook sh did not end within 5 s",
    ),
    "up": (
        {"limits": {"up": "15s"}},
        {
            "a/compose.yaml": compose(
                web=service("sleep 1001", depends_on={"slow": {"condition": "service_completed_successfully"}}),
                slow=service("sleep 60"),
            )
        },
        "docker compose up did not end within 15 s",
    ),
}


@pytest.mark.parametrize(("options", "after", "message"), LIMITS.values(), ids=LIMITS.keys())
def test_what_takes_too_long_is_ended_and_taken_back(
    house: House, options: dict[str, Any], after: dict[str, str | None], message: str
) -> None:
    house.stack(**options)
    assert house.push(web("sleep 1000"))["outcome"] == "deployed"
    house.live("slow").touch()
    done = house.push(after)
    assert (done["outcome"], message in done["message"]) == ("rolled_back", True), done["message"]
    assert house.command("web") == "sleep 1000"
    assert set(house.containers()) == {"web"}
    assert house.containers()["web"].state == "running"
