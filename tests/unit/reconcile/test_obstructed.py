"""What failed before anything was touched is tried again in time, and when the way may be free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.published import Published
from tests.redis_server import RedisServer
from workers.adapters.state.clock import text_of
from workers.adapters.state.keys import due
from workers.adapters.state.marks import Hold, Removed, Stop
from workers.adapters.state.rebuild import mirror_marks
from workers.adapters.state.state import State
from workers.adapters.state.status import DecisionNote
from workers.model.words import Action, Reason, Trigger
from workers.reconcile.again import Clock
from workers.reconcile.obstructed import look_again, try_due
from workers.runtime.settings import Settings
from workers.services import Services

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOON, LONG_AFTER = NOW + timedelta(seconds=1), NOW + timedelta(hours=1)
HELD = Hold("f1", "no", retry_at=text_of(NOW))
OBSTRUCTED = replace(HELD, retry_at=text_of(LONG_AFTER), obstructed=True)
HERE, ELSEWHERE = "unix:///var/run/docker.sock", "unix:///other.sock"
A, B, C, ON_NAS = "default/a", "default/b", "other/c", "nas/d"
CATALOG = """
repos: {r: {url: /r, ref: main}, q: {url: /q, ref: main}}
environments:
  default: {}
  other: {docker_host: unix:///other.sock}
  nas: {worker: nas}
stacks:
  a: {repo: r, path: a, environments: [default]}
  b: {repo: q, path: b, environments: [default]}
  c: {repo: r, path: c, environments: [other]}
  d: {repo: r, path: d, environments: [nas]}
"""


@pytest.fixture
def services(tmp_path: Path, state: State, redis_server: RedisServer) -> Iterator[Services]:
    catalog = tmp_path / "tegu.yaml"
    catalog.write_text(CATALOG)
    settings = Settings(data_dir=state.data_dir, catalog=catalog, redis_url=redis_server.url)
    made = Services(settings, queue=Published())
    yield made
    made.close()


def published(services: Services) -> list[str]:
    assert isinstance(services.queue, Published)
    return sorted(services.queue.stacks)


def test_what_is_due_is_tried_in_one_run_for_each_repo_and_by_its_own_worker(services: Services) -> None:
    state = services.state
    for stack in (A, B, C, ON_NAS):
        state.holds.hold(stack, HELD)
    assert try_due(services, NOW - timedelta(seconds=1)) == ()
    assert sorted(try_due(services, SOON)) == published(services) == [A, B, C]
    runs = [state.runs.head(run.id) for run in state.open_runs.all()]
    assert sorted(head.repo for head in runs if head) == ["q", "r"]
    assert all(head.trigger is Trigger.RETRY and not head.is_asked_for for head in runs if head)
    assert state.holds.due(SOON) == (ON_NAS,)


def test_whoever_is_second_finds_nothing_and_the_claim_of_one_who_died_ends(services: Services) -> None:
    services.state.holds.hold(A, HELD)
    assert services.state.holds.claim_due([A], SOON, SOON + timedelta(minutes=2)) == (A,)
    assert try_due(services, SOON) == ()
    assert try_due(services, SOON + timedelta(minutes=3)) == (A,)


def test_what_waits_already_is_not_published_twice(services: Services) -> None:
    services.state.holds.hold(A, replace(HELD, obstructed=True))
    assert try_due(services, SOON) == (A,)
    assert look_again(services, HERE) == ()
    assert published(services) == [A]


def test_a_changed_engine_has_what_was_obstructed_on_it_tried_whatever_the_time(services: Services) -> None:
    services.state.holds.hold(A, OBSTRUCTED)
    services.state.holds.hold(B, Hold("newer", "it crashed", beside=OBSTRUCTED))
    services.state.holds.hold(C, OBSTRUCTED)
    services.state.holds.hold(ON_NAS, OBSTRUCTED)
    assert sorted(look_again(services, HERE)) == published(services) == [A, B]
    assert look_again(services, ELSEWHERE) == (C,)


def test_what_failed_otherwise_does_not_care_for_the_engine(services: Services) -> None:
    services.state.holds.hold(A, HELD)
    services.state.holds.hold(B, Hold("f1", "it crashed"))
    assert look_again(services, HERE) == ()
    services.state.holds.release(A)
    assert try_due(services, LONG_AFTER) == ()


def paused(state: State) -> None:
    state.pauses.pause(A, "me")


def stopped(state: State) -> None:
    state.records.set_status(A, stopped=Stop("docker stop", "2026-11-23T11:00:00.000Z"))


def gone(state: State) -> None:
    state.records.set_status(A, removed=Removed("gone"))


@pytest.mark.parametrize("left_alone", [paused, stopped, gone])
def test_what_is_to_be_left_alone_is(services: Services, left_alone: Callable[[State], None]) -> None:
    services.state.holds.hold(A, OBSTRUCTED)
    left_alone(services.state)
    assert look_again(services, HERE) == try_due(services, LONG_AFTER) == ()


def test_what_runs_as_it_should_by_now_is_not_looked_at_for_ever(services: Services) -> None:
    services.state.holds.hold(A, HELD)
    services.state.records.set_status(A, last_decision=DecisionNote(Action.NONE, Reason.UNCHANGED, at=text_of(NOW)))
    services.state.holds.hold("default/unknown", HELD)
    assert try_due(services, SOON) == ()
    assert services.state.holds.due(LONG_AFTER) == ()


def test_times_that_redis_lacks_are_noted_with_the_next_reconcile(services: Services) -> None:
    services.state.holds.hold(A, HELD)
    services.state.redis.delete(due())
    assert try_due(services, SOON) == ()
    mirror_marks(services.state, {})
    assert try_due(services, SOON) == (A,)


def test_the_clock_looks_by_itself_and_outlives_a_redis_that_is_away(
    services: Services, own_redis_server: Callable[..., RedisServer]
) -> None:
    server = own_redis_server()
    settings = services.settings.model_copy(update={"redis_url": server.url})
    queue = Published()
    clock = Clock(Services(settings, queue=queue, redis_timeout=0.5), every=0.05)
    clock.start()
    try:
        server.kill()
        server.start()
        writer = Services(settings)
        writer.state.holds.hold(A, HELD)
        writer.close()
        end = datetime.now(UTC) + timedelta(seconds=30)
        while queue.stacks != [A]:
            assert datetime.now(UTC) < end
    finally:
        clock.stop()
