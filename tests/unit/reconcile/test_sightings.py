"""From containers to the state of a service."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workers.adapters.docker.container import ONE_OFF, Container, Details
from workers.adapters.state.live import LiveService
from workers.reconcile.sightings import Sighting, service_of, sighting_of

START, END = "2026-01-01T00:00:01.123456789Z", "2026-01-01T00:00:09.5Z"
NEVER = "0001-01-01T00:00:00Z"
AT = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
NOW = "2026-01-01T00:01:00.000Z"
STARTED, ENDED = "2026-01-01T00:00:01.123Z", "2026-01-01T00:00:09.500Z"


def found(state: str = "running", health: str | None = None, **more: Any) -> Details:
    container = Container(
        "1", more.pop("name", "p-web-1"), "p", "web", state, "i", "sha256:1", 0, more.pop("labels", {})
    )
    fields: dict[str, Any] = {"ended_at": NEVER if state == "running" else END, "made_from": "busybox", **more}
    return Details(container, state, START, fields.pop("exit_code", 0), 0, health, fields.pop("policy", "no"), **fields)


def seen(details: Details, before: Sighting | None = None, at: datetime | None = AT) -> Sighting:
    sighting = sighting_of(details, before, at)
    assert sighting is not None
    return sighting


@pytest.mark.parametrize(
    ("details", "state", "health", "since"),
    [
        (found(), "running", None, STARTED),
        (found(health="starting"), "running", "starting", STARTED),
        (found(health="healthy"), "running", "healthy", NOW),
        (found("exited", health="unhealthy"), "exited", None, ENDED),
        (found("restarting"), "restarting", None, ENDED),
        (found("paused", ended_at=NEVER), "paused", None, NOW),
        (found("created", ended_at=NEVER), "created", None, None),
    ],
)
def test_a_container_is_in_its_state_since_it_got_into_it(
    details: Details, state: str, health: str | None, since: str | None
) -> None:
    sighting = seen(details)
    assert (sighting.state, sighting.health, sighting.since) == (state, health, since)
    assert (sighting.project, sighting.service, sighting.image) == ("p", "web", "busybox")


def test_what_nobody_saw_happen_is_as_old_as_the_containers_start() -> None:
    assert seen(found(health="healthy"), at=None).since == STARTED


def test_what_has_not_changed_stays_as_old_as_it_was_and_a_new_start_is_new() -> None:
    healthy = seen(found(health="healthy"))
    later = datetime(2026, 1, 2, tzinfo=UTC)
    assert seen(found(health="healthy"), healthy, later) == healthy
    assert seen(found(health="unhealthy"), healthy, later).since == "2026-01-02T00:00:00.000Z"
    again = replace(found(), started_at="2026-01-01T00:05:00Z")
    assert seen(again, seen(found())).since == "2026-01-01T00:05:00.000Z"


def test_only_containers_of_services_count_and_none_that_stand_aside() -> None:
    assert sighting_of(found(labels={ONE_OFF: "True"}), None, AT) is None
    assert sighting_of(found(name="tegu-aside-0123456789ab-p-web-1"), None, AT) is None


@pytest.mark.parametrize(
    ("containers", "worst"),
    [
        ([found(), found("exited", exit_code=1)], "exited"),
        ([found(), found("restarting")], "restarting"),
        ([found(), found("paused")], "paused"),
        ([found("restarting"), found("dead")], "dead"),
        ([found(), found("exited")], "running"),
    ],
)
def test_a_service_stands_like_its_worst_container(containers: list[Details], worst: str) -> None:
    assert service_of([seen(each) for each in containers], {}).state == worst


def test_an_unhealthy_container_is_worse_than_a_starting_one_and_that_worse_than_a_healthy_one() -> None:
    healths = ["healthy", "starting", "unhealthy"]
    for place, worst in enumerate(healths):
        assert service_of([seen(found(health=each)) for each in healths[: place + 1]], {}).health == worst


@pytest.mark.parametrize(
    ("details", "done"),
    [
        (found("exited"), True),
        (found("exited", policy="on-failure"), True),
        (found("exited", policy="always"), False),
        (found("exited", exit_code=1), False),
        (found(), False),
    ],
)
def test_what_has_ended_well_is_done_unless_somebody_has_stopped_it(details: Details, done: bool) -> None:
    assert service_of([seen(details)], {}).done == done
    assert not service_of([seen(details)], {"p-web-1": "docker stop"}).done


def test_a_service_in_json_has_the_four_fields_of_the_contract() -> None:
    assert LiveService("running", "healthy", NOW, "busybox").to_json() == {
        "state": "running",
        "health": "healthy",
        "since": NOW,
        "image": "busybox",
    }
