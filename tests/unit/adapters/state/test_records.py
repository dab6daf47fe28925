"""What is deployed is written by the newest holder of a stack's lock only."""

from __future__ import annotations

import pytest

from tests.records import a_record
from workers.adapters.state import keys
from workers.adapters.state.heirs import Heir
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.live import Live, LiveService
from workers.adapters.state.marks import Hold, Stop
from workers.adapters.state.state import State
from workers.adapters.state.status import Known
from workers.model.errors import StaleHolder

STACK = "production/a"
RECORD = a_record(images={"busybox": None})


def test_a_record_comes_back_as_it_was(state: State) -> None:
    assert state.records.get(STACK) is None
    state.records.put(STACK, RECORD, None)
    assert state.records.get(STACK) == RECORD


def test_many_records_come_at_once(state: State) -> None:
    state.records.put(STACK, RECORD, None)
    assert state.records.get_many([STACK, "production/b"]) == {STACK: RECORD, "production/b": None}
    assert state.records.get_many([]) == {}


def test_a_stale_holder_cannot_write(state: State) -> None:
    first = state.leases.acquire(stack_lease(STACK), "deployment 1")
    assert first is not None
    state.records.put(STACK, RECORD, first.fence)
    first.release()
    with state.leases.acquire(stack_lease(STACK), "deployment 2") or pytest.fail("it is held") as second:
        with pytest.raises(StaleHolder, match=STACK):
            state.records.put(STACK, a_record("old"), first.fence)
        with pytest.raises(StaleHolder):
            state.records.set_status(STACK, first.fence, drift={"web": "stopped"})
        state.records.put(STACK, a_record("c2"), second.fence)
    assert state.records.get(STACK) == a_record("c2")
    assert state.records.status(STACK) == Known()


def test_a_holder_that_outlives_redis_may_write_and_keeps_its_number(state: State) -> None:
    state.records.put(STACK, RECORD, 7)
    with pytest.raises(StaleHolder):
        state.records.put(STACK, RECORD, 6)
    with state.leases.acquire(stack_lease(STACK), "next") or pytest.fail("it is held") as lease:
        assert lease.fence == 8


def test_status_fields_are_set_one_by_one(state: State) -> None:
    state.records.set_status(STACK, latest_commit="c1", drift=None)
    state.records.put(STACK, RECORD, None, deployed_commit="c1")
    assert state.records.status(STACK) == Known(latest_commit="c1", deployed_commit="c1")
    state.records.set_status("production/b", stopped=Stop("docker stop", "2026-01-01T00:00:00.000Z"))
    assert state.records.status("production/b") == Known(stopped=Stop("docker stop", "2026-01-01T00:00:00.000Z"))
    assert state.records.known() == (STACK, "production/b")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"commit": "c1"}', '{"fingerprint": "f", "snapshot": {}}'])
def test_a_record_that_cannot_be_read_counts_as_none(state: State, text: str) -> None:
    state.redis.set(keys.record(STACK), text)
    assert state.records.get(STACK) is None
    assert state.records.get_many([STACK]) == {STACK: None}
    assert state.quick.look(STACK, "task").record is None


def test_of_a_forgotten_stack_nothing_is_left(state: State) -> None:
    state.records.put(STACK, RECORD, None, deployed_commit="c1")
    state.pauses.pause(STACK, "somebody")
    state.holds.hold(STACK, Hold("f1", retry_at="2026-11-23T12:00:00.000Z"))
    state.adoptions.adopt(STACK, "leave", "somebody")
    state.live.write({STACK: Live({"web": LiveService("running")}, "local unix:///x")})
    state.heirs.note([STACK], {STACK: Heir(("production/old",))})
    state.forget(STACK)
    assert (state.records.get(STACK), state.records.known()) == (None, ())
    assert state.records.status(STACK) == Known()
    assert {*state.redis.scan_iter()} == {keys.events(), keys.services_events()}, "but what was told at the time"
