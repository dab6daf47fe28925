"""How a container stands, from one look into it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.adapters.docker.container import Container, Details
from workers.deploy.containers.health import CRASH_LOOP, Finding, Health, Verdict, judge

CONTAINER = Container("1", "p-web-1", "p", "web", "running", "image", "sha256:1", 0)
RUNNING = Details(CONTAINER, "running", "2026-11-23T11:22:33Z", 0, 0, None, "no")


@pytest.mark.parametrize(
    ("seen", "verdict", "why"),
    [
        (RUNNING, Verdict.WELL, "is running"),
        (replace(RUNNING, health="healthy"), Verdict.WELL, "is running"),
        (replace(RUNNING, health="starting"), Verdict.WAITING, "is not healthy yet"),
        (replace(RUNNING, health="unhealthy"), Verdict.BAD, "is unhealthy"),
        (replace(RUNNING, state="paused"), Verdict.WELL, "is running"),
        (replace(RUNNING, state="exited"), Verdict.WELL, "has ended with exit code 0"),
        (replace(RUNNING, state="exited", exit_code=3), Verdict.BAD, "has ended with exit code 3"),
        (
            replace(RUNNING, state="exited", exit_code=3, restart_policy="on-failure"),
            Verdict.BAD,
            "has ended with exit code 3",
        ),
        (replace(RUNNING, state="exited", exit_code=3, restart_policy="always"), Verdict.WAITING, "is exited"),
        (replace(RUNNING, state="restarting", exit_code=3), Verdict.WAITING, "is restarting"),
        (replace(RUNNING, state="created"), Verdict.WAITING, "is created"),
        (replace(RUNNING, state="dead"), Verdict.BAD, "is dead"),
    ],
)
def test_a_container_is_judged_by_its_state(seen: Details, verdict: Verdict, why: str) -> None:
    found = judge(seen, 0)
    assert (found.verdict, found.why, found.service, found.container) == (verdict, why, "web", "p-web-1")


def test_a_crash_loop_is_bad_whatever_the_state_of_the_moment() -> None:
    assert judge(replace(RUNNING, restarts=CRASH_LOOP), 0).verdict is Verdict.BAD


def test_restarts_of_long_ago_do_not_count() -> None:
    assert judge(replace(RUNNING, restarts=100), 99).verdict is Verdict.WELL


def test_problems_are_told_with_the_end_of_the_log() -> None:
    finding = Finding("web", "p-web-1", Verdict.BAD, "is dead", None, "last words")
    assert str(Health((finding,))) == "web: p-web-1 is dead\nlast words"
    assert not Health((finding,)).good
    assert Health(()).good
