"""What counts as drift, from what a listing of containers shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.records import a_record
from workers.adapters.docker.container import CONFIG_HASH, Container
from workers.adapters.state.deployed import Deployed, RecordedContainer
from workers.adapters.state.marks import Stop
from workers.deploy.drift import HEALS, drift_of, heals_after, remedies, stop_of, worn_out
from workers.model.words import Action


def recorded(state: str = "running", restart: str = "no", service: str = "web") -> RecordedContainer:
    return RecordedContainer(f"{service}1", service, "sha256:1", "h1", state=state, restart=restart)


def record_of(*containers: RecordedContainer) -> Deployed:
    """A record that has these containers, the first one of each service."""
    return a_record(containers={f"p-{each.service}-1": each for each in containers})


def there(state: str = "running", service: str = "web", code: int | None = None, **more: Any) -> Container:
    fields: dict[str, Any] = {"id": f"{service}1", "image_id": "sha256:1", "labels": {CONFIG_HASH: "h1"}, **more}
    return Container(
        name=f"p-{service}-1",
        project="p",
        service=service,
        state=state,
        image="i",
        created=0,
        exit_code=code,
        **fields,
    )


def drift(record: RecordedContainer, *found: Container) -> str | None:
    return drift_of(record_of(record), found).get("web")


def test_what_is_as_it_was_has_not_drifted() -> None:
    assert drift(recorded(), there()) is None
    assert drift(recorded(), there("restarting")) is None
    assert drift(recorded(), there("paused")) is None


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ([], "missing"),
        ([there("exited", code=137)], "stopped"),
        ([there("created")], "stopped"),
        ([there(id="other")], "replaced"),
        ([there(id="other", image_id="sha256:2")], "image_changed"),
        ([there(id="other", labels={CONFIG_HASH: "h2"})], "configuration_changed"),
        ([there("exited", code=1, id="other", image_id="sha256:2")], "image_changed"),
    ],
)
def test_every_difference_has_its_word(found: list[Container], word: str) -> None:
    assert drift(recorded(), *found) == word


def test_what_ended_well_by_itself_is_no_drift_and_what_should_have_started_again_is() -> None:
    assert drift(recorded(), there("exited", code=0)) is None
    assert drift(recorded(restart="on-failure"), there("exited", code=0)) is None
    assert drift(recorded(restart="always"), there("exited", code=0)) == "stopped"
    assert drift(recorded(restart="unless-stopped"), there("exited", code=0)) == "stopped"


def test_what_did_not_run_after_the_deployment_is_nobodys_drift() -> None:
    assert drift(recorded("exited")) is None
    assert drift(recorded("exited"), there("exited", code=3)) is None


def test_a_service_has_the_strongest_difference_of_its_containers() -> None:
    record = a_record(containers={"p-web-1": recorded(), "p-web-2": replace(recorded(), id="web2")})
    assert drift_of(record, [there(id="other")]) == {"web": "missing"}
    assert drift_of(a_record(), [there()]) == {}


def test_containers_that_nothing_is_recorded_of_are_no_drift() -> None:
    assert drift(recorded(), there(), there(service="extra")) is None


JOB = recorded("exited", service="job")
BY_HAND = Stop("docker stop", "2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize("restart", ["no", "on-failure", "always", "unless-stopped"])
@pytest.mark.parametrize("code", [0, 1, 127, 128, 130, 137, 143, 255])
def test_a_stack_is_stopped_where_somebody_was_seen_to_stop_it_however_it_ended(restart: str, code: int) -> None:
    record = record_of(recorded(restart=restart), JOB)
    ended = [there("exited", code=code), there("exited", service="job", code=0)]
    assert stop_of(record, ended, lambda: BY_HAND) == BY_HAND
    assert stop_of(record, [], lambda: BY_HAND) == BY_HAND
    assert stop_of(record, ended, lambda: None) is None
    assert stop_of(record, [], lambda: None) is None


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (record_of(recorded(), JOB), [there("exited", code=137), there(service="job")]),
        (record_of(recorded()), [there("paused")]),
        (record_of(recorded()), [there("restarting")]),
        (record_of(recorded()), [there("created")]),
        (record_of(JOB), []),
    ],
)
def test_a_stack_of_which_something_runs_or_nothing_did_was_stopped_by_nobody(
    record: Deployed, found: list[Container]
) -> None:
    assert stop_of(record, found, lambda: BY_HAND) is None


def test_what_ended_with_the_engine_has_not_done_its_work() -> None:
    ended = there("exited", code=0)
    assert drift_of(record_of(recorded()), [ended], {"web"}) == {"web": "stopped"}
    assert drift_of(record_of(recorded()), [ended], {"db"}) == {}
    assert drift_of(record_of(recorded()), [there()], {"web"}) == {}


def test_what_was_exchanged_is_made_again_and_the_rest_is_brought_up() -> None:
    found = {"a": "missing", "b": "stopped", "c": "replaced", "d": "image_changed", "e": "configuration_changed"}
    up, again = Action.UP, Action.RECREATE
    assert remedies(found) == {"a": up, "b": up, "c": up, "d": again, "e": again}


def test_what_is_healed_again_and_again_within_hours_is_worn_out() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    record = a_record(fingerprint="f")
    for _ in range(HEALS):
        assert worn_out(record, ["web", "db"], at) == ()
        at += timedelta(hours=5)
        record = a_record(fingerprint="f", heals=heals_after(record, ["web"], "f", at))
    assert worn_out(record, ["web", "db"], at + timedelta(hours=5)) == ("web",)
    assert worn_out(record, ["web"], at + timedelta(hours=7)) == ()
    assert worn_out(record, ["db"], at) == ()
    assert heals_after(record, ["db"], "f", at).keys() == {"web", "db"}
    assert heals_after(record, ["web"], "other", at)["web"].times == 1
    assert heals_after(record, ["web"], "f", at + timedelta(hours=7))["web"].times == 1
