"""Who ended the containers of a project, from what the engine tells. The sequences are those of engine 20.10."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workers.adapters.docker.happenings import Happening
from workers.adapters.state.marks import Stop
from workers.adapters.state.status import DeploymentNote, Known
from workers.deploy.containers.by_hand import Hands, hands_of, stop_after
from workers.model.words import Outcome

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def seen(text: str) -> Hands:
    """`[SECONDS:]ACTION[=SIGNAL][@NAME] …`; without seconds one after the other, all of `web` unless named."""
    found = []
    for place, word in enumerate(text.split()):
        moment, _, rest = word.rpartition(":")
        action, _, name = rest.partition("@")
        action, _, signal = action.partition("=")
        at = BEGIN + timedelta(seconds=float(moment or place))
        found.append(Happening("container", "1", action, at, name or "web", "p", name or "web", int(signal or 0)))
    return hands_of(found)


def how(text: str) -> str | None:
    touch = seen(text).rest()
    return touch.how if touch else None


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("start kill=15 die stop", "docker stop"),
        ("kill=15 kill=9 die stop", "docker stop"),
        ("start kill=15 stop die", "docker stop"),  # as engine 28 tells it
        ("kill=15 kill=9 stop die destroy", "docker rm"),
        ("kill=15 stop die start kill=9 die", "docker kill"),
        ("start kill=9 die", "docker kill"),
        ("start kill=3 die", "docker kill"),
        ("start kill=9 die destroy", "docker rm"),
        ("kill=15 die stop destroy", "docker rm"),
        ("start die destroy", "docker rm"),
        ("start die", None),
        ("start oom die", None),
        ("start kill=1 die", None),  # it was told to read its configuration again
        ("start kill=15 die stop start die", None),
        ("start kill=15 die stop start restart", None),
        ("", None),
    ],
)
def test_a_container_is_stopped_by_hand_when_it_was_told_to(text: str, by: str | None) -> None:
    assert how(text) == by


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("kill=15@web die@web stop@web kill=15@db die@db stop@db", "docker stop"),
        ("kill=15@db die@db stop@db die@web", "docker stop"),  # a client ends without its server
        ("0:kill=15@db 0:die@db 0:stop@db 3600:die@web", None),
        ("0:die@web 3600:kill=15@db 3600:die@db 3600:stop@db", "docker stop"),
        ("kill=15@web die@web stop@web start@web die@db die@web", None),
        ("create@1234_web kill=15@web die@web stop@web destroy@web rename@web start@web die@web", None),
    ],
)
def test_a_project_rests_because_of_a_person_when_its_last_container_does(text: str, by: str | None) -> None:
    assert how(text) == by


def test_somebody_is_at_it_while_a_container_takes_its_time_to_end() -> None:
    stopping = seen("0:kill=15@web")
    assert stopping.busy_until(BEGIN + timedelta(seconds=10)) == BEGIN + timedelta(minutes=5)
    assert stopping.busy_until(BEGIN + timedelta(minutes=6)) is None
    assert seen("kill=15 die stop").busy_until(BEGIN + timedelta(seconds=10)) is None
    assert seen("kill=1").busy_until(BEGIN + timedelta(seconds=10)) is None


def test_what_tegu_did_is_forgotten() -> None:
    hands = seen("kill=15 die stop kill=15@db")
    hands.forget()
    assert (hands.rest(), hands.busy_until(BEGIN)) == (None, None)


def test_containers_of_run_say_nothing() -> None:
    one_off = Happening("container", "1", "destroy", BEGIN, "p-web-run-1", "p", "web", one_off=True)
    assert hands_of([one_off]).rest() is None


def test_what_was_before_the_end_of_the_last_deployment_was_tegu() -> None:
    touch = seen("kill=15 die stop").rest()
    at = "2026-01-01T00:00:02.000Z"
    assert stop_after(touch, Known()) == Stop("docker stop", at)
    deployed = Known(last_deployment=DeploymentNote("d", Outcome.DEPLOYED, at="2026-01-01T00:00:01.999Z"))
    assert stop_after(touch, deployed) == Stop("docker stop", at)
    later = Known(last_deployment=DeploymentNote("d", Outcome.DEPLOYED, at=at))
    assert stop_after(touch, later) is None
    assert stop_after(None, Known()) is None
