"""What makes `up` fail: a service that others wait for, a port that is not free yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.deploy.house import House, compose, service

pytestmark = pytest.mark.docker

FAILING: dict[str, tuple[str, dict[str, Any], str, tuple[str, ...]]] = {
    "an init service that fails": (
        "echo MIGRATION BROKEN; exit 7",
        {},
        "service_completed_successfully",
        ("exit code 7", "MIGRATION BROKEN"),
    ),
    "a service that is unhealthy": (
        "echo CANNOT LISTEN; sleep 1000",
        {"healthcheck": {"test": "echo NO PORT YET; exit 1", "interval": "200ms", "retries": 1}},
        "service_healthy",
        ("is unhealthy", "its healthcheck says: NO PORT YET\nCANNOT LISTEN"),
    ),
}


@pytest.mark.parametrize(("command", "more", "condition", "told"), FAILING.values(), ids=FAILING.keys())
def test_what_others_wait_for_tells_why_it_failed(
    house: House, command: str, more: dict[str, Any], condition: str, told: tuple[str, ...]
) -> None:
    def files(first: dict[str, object]) -> dict[str, str | None]:
        web = service("sleep 1000", depends_on={"first": {"condition": condition}})
        return {"a/compose.yaml": compose(web=web, first=first)}

    house.stack()
    check = {"test": ["CMD", "true"], "interval": "200ms"}
    good = service("true") if "completed" in condition else service("sleep 1001", healthcheck=check)
    first = house.push(files(good))
    assert first["outcome"] == "deployed", first["message"]
    done = house.push(files(service(command, **more)))
    assert done["outcome"] == "rolled_back", done["message"]
    for text in told:
        assert text in done["message"]
    recorded = house.services.state.deployments.get(done["deployment"])
    assert recorded is not None
    (ailing,) = recorded.ailing
    assert ailing.service == "first"
    said = f"first: {ailing.container} {ailing.why}"
    said += f"; its healthcheck says: {ailing.healthcheck}" if ailing.healthcheck else ""
    assert f"{said}\n{ailing.log}" in done["message"]
    assert "Creat" not in done["message"].splitlines()[0]  # the error, and not how far Compose had come
    assert house.command("first") == good["command"][-1]  # type: ignore[index]
    assert house.containers()["web"].state == "running"
