"""A stack that comes after others is published by whoever ends the last of them, and by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest
from redis import Redis

from workers.adapters.state.outgoing import NobodyTakes
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.adapters.state.waiting_for_others import Released, Waiting
from workers.model.errors import RedisUnavailable
from workers.model.words import Action, Outcome, Reason

DB, CACHE, APP, WEB = "prod/db", "prod/cache", "prod/app", "prod/web"


class Publisher(NobodyTakes):
    """Keeps the stacks that may go on."""

    def __init__(self) -> None:
        self.stacks: list[str] = []

    def released(self, stacks: Sequence[Released]) -> None:
        self.stacks += [each.stack for each in stacks]


class PublisherThatCannot(NobodyTakes):
    def released(self, stacks: Sequence[Released]) -> None:
        raise RedisUnavailable(str(stacks))


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def state(redis: Redis, tmp_path: Path, publisher: Publisher) -> State:
    return State(redis, tmp_path, lambda: publisher)


@pytest.fixture
def published(publisher: Publisher) -> list[str]:
    """The stacks that were published because they may go on."""
    return publisher.stacks


def run_of(state: State, first: Sequence[str], *behind: tuple[str, tuple[str, ...]]) -> str:
    run = state.runs.create("homelab", "cli", ())
    state.runs.plan(run, [(stack, "c1") for stack in first])
    state.runs.hold_back(run, [Waiting(stack, "c1", after, "local") for stack, after in behind])
    return run


def end(state: State, run: str, stack: str, outcome: Outcome = Outcome.DEPLOYED, reason: Reason | None = None) -> None:
    state.runs.take(stack)
    state.runs.finish([run], StackResult(stack, Action.UP, reason or Reason.CONTENT_CHANGED, outcome, "c1"))


def outcome_of(state: State, run: str, stack: str) -> tuple[object, object, object]:
    shown = state.runs.get(run)
    assert shown is not None
    found = shown.stacks[stack]
    return found.outcome, found.reason, found.message or None


def status(state: State, run: str) -> object:
    shown = state.runs.get(run)
    assert shown is not None
    return shown.status


@pytest.mark.parametrize("order", list(permutations((DB, CACHE))))
def test_the_last_predecessor_publishes(state: State, published: list[str], order: tuple[str, str]) -> None:
    run = run_of(state, [DB, CACHE], (APP, (DB, CACHE)))
    assert published == []
    assert not state.runs.waiting(APP)
    end(state, run, order[0])
    assert published == []
    end(state, run, order[1])
    assert published == [APP]
    assert state.runs.take(APP) == (run,)
    end(state, run, APP)
    assert status(state, run) == "succeeded"


def test_an_end_that_is_told_twice_publishes_once(state: State, published: list[str]) -> None:
    run = run_of(state, [DB], (APP, (DB,)))
    end(state, run, DB)
    end(state, run, DB)
    assert published == [APP]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.FAILED, "failed"),
        (Outcome.ROLLED_BACK, "was rolled back"),
        (Outcome.INVALID, "is invalid"),
        (Outcome.BLOCKED, "is blocked"),
        (Outcome.CANCELLED, "was cancelled"),
    ],
)
def test_a_failed_predecessor_blocks_all_that_come_after_it(
    state: State, published: list[str], outcome: Outcome, words: str
) -> None:
    run = run_of(state, [DB, CACHE], (APP, (DB, CACHE)), (WEB, (APP,)))
    end(state, run, DB, outcome)
    assert published == []
    assert outcome_of(state, run, APP) == ("blocked", "blocked", f"comes after {DB}, which {words}")
    assert outcome_of(state, run, WEB) == ("blocked", "blocked", f"comes after {APP}, which is blocked")
    assert state.rows([APP])[0]["status"] == "blocked"
    assert state.rows([APP])[0]["last_decision"]["paths"] == []
    assert status(state, run) == "running"
    end(state, run, CACHE)
    assert published == []
    assert status(state, run) == "failed"


@pytest.mark.parametrize("outcome", [Outcome.UNCHANGED, Outcome.SKIPPED, Outcome.DEPLOYED, Outcome.REMOVED])
def test_any_other_end_lets_them_go_on(state: State, published: list[str], outcome: Outcome) -> None:
    run = run_of(state, [DB], (APP, (DB,)))
    end(state, run, DB, outcome, Reason.PAUSED)
    assert published == [APP]


def test_one_that_failed_in_an_earlier_run_blocks_quietly(state: State, published: list[str]) -> None:
    def pulled() -> str:
        run = state.runs.create("homelab", "webhook", ["local"])
        state.runs.plan(run, [(DB, "c1")])
        state.runs.hold_back(run, [Waiting(APP, "c1", (DB,), "local"), Waiting(WEB, "c1", (APP,), "local")])
        state.runs.end_pull(run, "homelab", "local", commits={}, error=None, repo_ref="main")
        return run

    run = pulled()
    end(state, run, DB, Outcome.FAILED)
    assert status(state, run) == "failed"
    run = pulled()
    end(state, run, DB, Outcome.SKIPPED, Reason.FAILED_BEFORE)
    assert published == []
    assert outcome_of(state, run, APP) == ("skipped", "blocked", f"comes after {DB}, which failed before")
    assert outcome_of(state, run, WEB)[:2] == ("skipped", "blocked")
    assert state.rows([WEB])[0]["status"] == "blocked"
    assert status(state, run) == "succeeded"


def test_a_predecessor_that_has_ended_already_counts_by_how_it_ended(state: State, published: list[str]) -> None:
    run = run_of(state, [DB, CACHE])
    end(state, run, DB)
    state.runs.hold_back(run, [Waiting(APP, "c1", (DB, "prod/of-another-run"), "local")])
    assert published == [APP]

    other = run_of(state, [DB, CACHE])
    end(state, other, DB, Outcome.FAILED)
    state.runs.hold_back(other, [Waiting(WEB, "c1", (DB,), "local")])
    assert outcome_of(state, other, WEB)[0] == "blocked"
    assert published == [APP]


def test_planned_again_nothing_is_lost_and_nothing_begins_early(state: State, published: list[str]) -> None:
    run = run_of(state, [DB], (APP, (DB,)))
    state.runs.plan(run, [(DB, "c1")])
    state.runs.hold_back(run, [Waiting(APP, "c1", (DB,), "local")])
    assert published == []
    end(state, run, DB)
    assert published == [APP]


def test_who_waits_for_a_predecessor_is_not_lost(state: State, published: list[str]) -> None:
    run = run_of(state, [DB], (APP, (DB,)))
    assert [each.stacks for each in state.open_runs.all()] == [(DB,)]
    end(state, run, DB)
    assert published == [APP]
    assert [each.stacks for each in state.open_runs.all()] == [(APP,)], run


def test_a_publisher_that_cannot_publish_leaves_it_to_reconcile(redis: Redis, tmp_path: Path) -> None:
    state = State(redis, tmp_path, PublisherThatCannot)
    run = run_of(state, [DB], (APP, (DB,)))
    end(state, run, DB)
    assert outcome_of(state, run, DB)[0] == "deployed"
    assert [each.stacks for each in state.open_runs.all()] == [(APP,)]


def test_another_run_may_have_the_stack_meanwhile(state: State, published: list[str]) -> None:
    run = run_of(state, [DB], (APP, (DB,)))
    other = run_of(state, [APP])
    assert state.runs.take(APP) == (other,)
    end(state, other, APP)
    assert status(state, other) == "succeeded"
    assert status(state, run) == "queued"
    end(state, run, DB)
    assert published == [APP]


CANCELLED = StackResult(APP, Action.NONE, Reason.WAITING, Outcome.CANCELLED, message="cancelled by me")


def test_one_that_waits_for_its_predecessors_is_ended_in_every_run(state: State, published: list[str]) -> None:
    runs = [run_of(state, [DB], (APP, (DB,)), (WEB, (APP,))) for _ in range(2)]
    released = run_of(state, [CACHE], (APP, (CACHE,)))
    end(state, released, CACHE)
    assert published == [APP]
    assert set(state.runs.finish_held_back(CANCELLED)) == set(runs)  # made in one millisecond, in either order
    for run in runs:
        assert outcome_of(state, run, APP) == ("cancelled", "waiting", "cancelled by me")
        assert outcome_of(state, run, WEB) == ("blocked", "blocked", f"comes after {APP}, which was cancelled")
        end(state, run, DB)
        assert status(state, run) == "failed"
    assert published == [APP]
    assert status(state, released) == "running"
    assert state.runs.finish_held_back(CANCELLED) == ()


def test_a_cancelled_one_that_nobody_comes_after_fails_no_run(state: State, published: list[str]) -> None:
    run = run_of(state, [DB], (APP, (DB,)))
    assert state.runs.finish_held_back(CANCELLED) == (run,)
    end(state, run, DB)
    assert status(state, run) == "succeeded"
    assert published == []


def test_a_run_that_is_gone_is_said_to_be(state: State) -> None:
    with pytest.raises(RedisUnavailable, match="gone"):
        state.runs.hold_back("nothing", [Waiting(APP, "", (), "local")])


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("outcome", [Outcome.DEPLOYED, Outcome.FAILED, Outcome.BLOCKED])
def test_whoever_waits_softly_goes_on_however_the_other_has_ended(
    state: State, published: list[str], early: bool, outcome: Outcome
) -> None:
    run = state.runs.create("homelab", "cli", ())
    state.runs.plan(run, [(DB, "c1"), (CACHE, "c1")])
    if early:
        end(state, run, DB, outcome)
    state.runs.hold_back(run, [Waiting(APP, "c1", (DB,), "local", softly=(DB,))])
    if not early:
        assert published == []
        end(state, run, DB, outcome)
    assert published == [APP]


def test_a_soft_wish_softens_no_other(state: State, published: list[str]) -> None:
    run = state.runs.create("homelab", "cli", ())
    state.runs.plan(run, [(DB, "c1"), (CACHE, "c1")])
    state.runs.hold_back(run, [Waiting(APP, "c1", (DB, CACHE), "local", softly=(CACHE,))])
    end(state, run, CACHE, Outcome.FAILED)
    end(state, run, DB, Outcome.FAILED)
    assert published == []
    assert state.runs.parts(run, [APP])[APP].outcome is Outcome.BLOCKED
