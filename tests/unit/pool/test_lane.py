"""A lane: so many jobs at work, any number that wait, the others in their turn; and how a job is ended from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from workers.pool.intake import Intake, ask_only_for
from workers.pool.job import Job
from workers.pool.lane import Lane
from workers.runtime.interrupted import Terminated, TimeIsUp
from workers.runtime.slots import without_slot

_SOON = 10.0


class Request:
    """What a job asks of Celery's request, and what it was told."""

    id = "t1"

    def __init__(self) -> None:
        self.told: list[str] = []
        self.ended = threading.Event()

    def on_accepted(self, pid: int, _: float) -> None:
        self.told.append("accepted" if pid else "")

    def on_success(self, done: object) -> None:
        self._end(str(done))

    def on_failure(self, info: Any) -> None:
        self.info = info
        self._end(type(info.exception.exc).__name__)

    def _end(self, how: str) -> None:
        self.told.append(how)
        self.ended.set()


def job(work: Callable[[], object], on_terminate: Callable[[Job], None] = lambda _: None) -> Job:
    return Job(work, Request(), None, on_terminate)


class Kind:
    """What jobs have in common that are done together, with a note of when that is."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def job(self, name: str, work: Callable[[], object] = lambda: None) -> Light:
        return Light(self, name, work)


class Light:
    """A job of a kind."""

    def __init__(self, kin: Kind, name: str, work: Callable[[], object]) -> None:
        self.kin, self.name, self.work, self.request = kin, name, work, Request()

    @classmethod
    def run_all(cls, jobs: Sequence[Light]) -> None:
        jobs[0].kin.notes.append("".join(each.name for each in jobs))
        for each in jobs:
            each.work()
            each.request.on_success(each.name)

    def give_back(self) -> None:
        pytest.fail("nobody wants it back")


def ended(*jobs: Job | Light) -> list[str]:
    assert all(each.request.ended.wait(_SOON) for each in jobs)
    return [each.request.told[-1] for each in jobs]


class Gate:
    """Work that is held up, with or without its slot."""

    def __init__(self, *, waits: bool) -> None:
        self.waits, self.begun, self.open = waits, threading.Semaphore(0), threading.Event()

    def __call__(self) -> str:
        if self.waits:
            with without_slot():
                self._pass()
        else:
            self._pass()
        return "done"

    def _pass(self) -> None:
        self.begun.release()
        assert self.open.wait(_SOON)


def test_as_many_work_as_there_are_slots_and_the_others_in_turn() -> None:
    lane, gate = Lane("test", 2, most=10, enough=100), Gate(waits=False)
    jobs = [job(gate) for _ in range(5)]
    for each in jobs:
        lane.submit(each)
    assert gate.begun.acquire(timeout=_SOON)
    assert gate.begun.acquire(timeout=_SOON)
    assert len(lane.running) == 2
    gate.open.set()
    assert ended(*jobs) == ["done"] * 5
    assert lane.threads == 2  # each took one job after the other


def test_those_that_wait_hold_up_nobody_but_there_is_a_bound() -> None:
    lane, gate = Lane("test", 1, most=3, enough=100), Gate(waits=True)
    jobs = [job(gate) for _ in range(4)]
    for each in jobs:
        lane.submit(each)
    for _ in range(3):
        assert gate.begun.acquire(timeout=_SOON)
    assert not gate.begun.acquire(timeout=0.1)
    gate.open.set()
    assert ended(*jobs) == ["done"] * 4


def test_what_has_not_begun_can_be_taken_back() -> None:
    lane, gate = Lane("test", 1, most=3, enough=100), Gate(waits=False)
    jobs = [job(gate) for _ in range(3)]
    for each in jobs:
        lane.submit(each)
    assert lane.drop() == jobs[1:]
    gate.open.set()
    assert ended(jobs[0]) == ["done"]


def test_a_lane_that_has_enough_is_sent_no_more_until_half_of_it_has_begun() -> None:
    lane, gate = Lane("test", 1, most=3, enough=4), Gate(waits=False)
    ask_only_for("full", lambda: lane.room)
    intake = Intake(["other", "full"])  # type: ignore[no-untyped-call]
    jobs = [job(gate) for _ in range(5)]
    for each in jobs:
        assert intake.consume(2) == ["other", "full"]
        lane.submit(each)
    assert intake.consume(2) == ["other"]
    gate.open.set()
    ended(*jobs)
    assert intake.consume(2) == ["other", "full"]


@pytest.mark.parametrize("why", [TimeIsUp, Terminated])
def test_what_is_raised_in_its_thread_ends_a_job_and_its_thread_takes_the_next(
    why: type[TimeIsUp | Terminated],
) -> None:
    begun, lane = threading.Event(), Lane("test", 1, most=1, enough=9)

    def loop() -> None:
        begun.set()
        while True:
            threading.Event().wait(0.001)

    endless, after = job(loop), job(lambda: "done")
    lane.submit(endless)
    lane.submit(after)
    assert begun.wait(_SOON)
    endless.interrupt(why)
    assert ended(endless, after) == [why.__name__, "done"]
    endless.interrupt(why)  # nobody is hit who has taken its thread
    assert lane.threads == 1


def test_a_job_that_is_to_end_before_it_has_begun_does_not_begin() -> None:
    lane, gate = Lane("test", 1, most=1, enough=9), Gate(waits=False)
    asked: list[Job] = []
    first, second = job(gate, asked.append), job(lambda: pytest.fail("it has begun"))
    for each in (first, second):
        lane.submit(each)
    second.terminate()
    assert gate.begun.acquire(timeout=_SOON)
    first.terminate()
    first.terminate()  # as Celery does
    gate.open.set()
    ended(first)
    last = job(lambda: "done")
    lane.submit(last)
    ended(last)
    assert (asked, second.request.told) == ([first], ["accepted"])


def test_jobs_of_a_kind_that_come_one_after_the_other_are_done_together() -> None:
    lane, gate, kind, other = Lane("test", 1, most=9, enough=99, together=3), Gate(waits=False), Kind(), Kind()
    jobs = [*map(kind.job, "abcd"), other.job("e"), kind.job("f")]
    lane.submit(job(gate))
    for each in jobs:
        lane.submit(each)
    gate.open.set()
    ended(*jobs)
    assert (kind.notes, other.notes) == (["abc", "d", "f"], ["e"])


def test_several_jobs_of_a_thread_are_one_to_the_bound_of_those_under_way_and_each_is_shown() -> None:
    lane, held, gate = Lane("test", 2, most=2, enough=99, together=3), Gate(waits=False), Gate(waits=False)
    kind = Kind()
    lane.submit(job(held))
    lane.submit(job(held))
    jobs = [kind.job("a", gate), kind.job("b")]
    for each in jobs:
        lane.submit(each)
    held.open.set()
    assert gate.begun.acquire(timeout=_SOON)
    assert set(jobs) <= {*lane.running}
    gate.open.set()
    assert ended(*jobs) == ["a", "b"]


def test_failures_share_what_is_kept_of_the_code_they_went_through() -> None:
    lane = Lane("test", 1, most=1, enough=9)

    def fail() -> None:
        raise ValueError

    jobs = [job(fail), job(fail)]
    for each in jobs:
        lane.submit(each)
    assert ended(*jobs) == ["ValueError", "ValueError"]
    first, second = (each.request.info.tb.tb_frame.f_code for each in jobs)
    assert first is second
