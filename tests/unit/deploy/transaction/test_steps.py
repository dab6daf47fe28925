"""The named steps of a deployment."""

from __future__ import annotations

import threading

import pytest

from workers.deploy.transaction.steps import Step, Steps
from workers.model.errors import Cancelled


def test_a_step_is_timed_whether_it_ends_well_or_not() -> None:
    times, noted = iter([1.0, 3.0, 3.0, 4.5]), list[tuple[str, float]]()
    steps = Steps(lambda name, seconds: noted.append((name, seconds)), clock=lambda: next(times))
    with steps.step(Step.BUILD):
        assert steps.current is Step.BUILD
    with pytest.raises(ZeroDivisionError), steps.step(Step.PULL):
        _ = 1 / 0
    assert noted == [("build", 2.0), ("pull", 1.5)]


@pytest.mark.parametrize("step", Step)
def test_a_cancelled_deployment_stops_where_it_can_go_back_from(step: Step) -> None:
    stop, begun = threading.Event(), list[Step]()
    stop.set()
    steps = Steps(lambda _name, _seconds: None, begun.append, stop)
    if step in {Step.SWITCH, Step.BRING, Step.SWITCHED, Step.REMOVE, Step.RECORD, Step.CLEAR}:
        with steps.step(step):
            pass
    else:
        with pytest.raises(Cancelled), steps.step(step):
            pass
    assert begun == [step]
