"""The containers of a project at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.unit.deploy.transaction.grounds import a_container, details
from workers.adapters.docker.container import HOOK, ONE_OFF, Container, Details
from workers.adapters.docker.engine import Engine
from workers.deploy.containers.aside import name_aside
from workers.deploy.containers.running import Running

WEB, JOB = a_container("web"), a_container("job", "exited")
ASIDE = replace(a_container("old"), id="0" * 64)
ASIDE = replace(ASIDE, name=name_aside(ASIDE))
GONE = a_container("gone")


class Looking(Engine):
    """An engine on which `gone` has gone since it was listed."""

    def details(self, containers: Iterable[Container]) -> tuple[Details, ...]:
        return tuple(details(each) for each in containers if each != GONE)


def test_of_a_listing_what_is_no_service_s_is_left_out_and_what_stands_aside_is_kept_apart() -> None:
    run, hook = (a_container("web", labels=labels) for labels in ({ONE_OFF: "True"}, {HOOK: "pre_start"}))
    found = Running.of_listing(Looking("unix:///nowhere"), (WEB, run, hook, ASIDE, GONE, JOB))
    assert (found.containers(), found.aside, found.listed) == ([WEB, JOB], (ASIDE,), (WEB, JOB, ASIDE))
    assert found.services == {"web", "job"}


def test_a_service_rests_when_none_of_its_containers_runs() -> None:
    second = replace(JOB, id="id-job-2", state="running")
    resting, busy = Running((details(WEB), details(JOB))), Running((details(JOB), details(second)))
    assert (resting.running(), resting.resting()) == ({"web"}, {"job"})
    assert (busy.running(), busy.resting()) == ({"job"}, set())
    assert busy.of("job") == busy.details


def test_a_service_has_ended_well_when_all_its_containers_have() -> None:
    assert Running((details(JOB), details(JOB))).has_ended_well("job")
    assert not Running((details(JOB), details(JOB, code=1))).has_ended_well("job")
    assert not Running((details(WEB),)).has_ended_well("web")
