"""Endings that may be news: seen by whoever ends a stack's part, told once, and free for a stack that has none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from workers.adapters.state.outgoing import NobodyTakes
from workers.adapters.state.results import StackResult
from workers.adapters.state.state import State
from workers.adapters.state.waiting_for_others import Waiting
from workers.model.news import Ended
from workers.model.words import Action, Decision, Outcome, Reason

STACK = "production/a"
UNCHANGED = Decision(STACK, Action.NONE, Reason.UNCHANGED, "c2")
FAILED = StackResult(STACK, Action.UP, Reason.CONTENT_CHANGED, Outcome.FAILED, "c1", message="exit code 3")


class Listener(NobodyTakes):
    def __init__(self) -> None:
        self.endings: list[Ended] = []

    def ended(self, endings: Sequence[Ended]) -> None:
        self.endings += endings


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def state(redis: Redis, tmp_path: Path, listener: Listener) -> State:
    return State(redis, tmp_path, lambda: listener)


@pytest.fixture
def seen(listener: Listener) -> list[Ended]:
    """The endings that somebody may want to hear of."""
    return listener.endings


def planned(state: State, *stacks: str) -> str:
    run = state.runs.create("homelab", "cli", [])
    state.runs.plan(run, [(stack, "c1") for stack in stacks or (STACK,)])
    return run


def look(state: State) -> None:
    """One unchanged stack, from its message to its end."""
    state.quick.finish_unchanged(state.quick.look(STACK, "t").runs, UNCHANGED)


def test_an_unchanged_stack_is_no_news_and_costs_two_round_trips_as_ever(state: State, seen: list[Ended]) -> None:
    planned(state)
    look(state)  # Redis learns the scripts
    planned(state)
    with state.redis.monitor() as monitor:  # type: ignore[no-untyped-call]
        look(state)
        state.redis.echo("end")
        heard = takewhile(lambda each: each["command"] != "ECHO end", monitor.listen())
        sent = [each["command"].split()[0] for each in heard if each["client_type"] != "lua"]
    greetings = {"HELLO", "CLIENT", "PING"}  # of a new connection
    assert [command for command in sent if command not in greetings] == ["EVALSHA", "EVALSHA"]
    assert seen == []


def test_one_that_ended_badly_is_seen_once_however_many_runs_waited(state: State, seen: list[Ended]) -> None:
    runs = [planned(state), planned(state)]
    for _ in range(2):
        state.runs.finish(runs, FAILED)
    assert seen == [Ended(STACK, runs[1], Outcome.FAILED, "exit code 3", reason=Reason.CONTENT_CHANGED)]


def test_those_behind_it_are_seen_as_well(state: State, seen: list[Ended]) -> None:
    run = planned(state)
    state.runs.hold_back(run, [Waiting("production/b", "c1", (STACK,), "local")])
    state.runs.finish([run], FAILED)
    message = f"comes after {STACK}, which failed"
    assert seen[1:] == [Ended("production/b", run, Outcome.BLOCKED, message, reason=Reason.BLOCKED)]


def test_an_unchanged_stack_is_seen_while_something_bad_was_told_of_it(state: State, seen: list[Ended]) -> None:
    assert state.notices.remember(Ended(STACK, "r0", Outcome.FAILED), "{}")
    run = planned(state)
    look(state)
    assert seen == [Ended(STACK, run, Outcome.UNCHANGED, reason=Reason.UNCHANGED, told="{}")]


def test_of_two_that_would_tell_the_same_one_does(state: State) -> None:
    first, second = Ended(STACK, "r1", Outcome.FAILED), Ended(STACK, "r2", Outcome.FAILED)
    assert [state.notices.remember(each, each.run) for each in (first, second)] == [True, False]
    known = Ended(STACK, "r3", Outcome.DEPLOYED, told="r1")
    assert [state.notices.remember(known, "") for _ in range(2)] == [True, False]


def test_a_pull_that_failed_is_seen_and_the_next_good_one_too(state: State, seen: list[Ended]) -> None:
    def pull(error: str | None) -> str:
        run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
        state.runs.start_pull(run, "homelab", "local")
        for _ in range(2):
            state.runs.end_pull(run, "homelab", "local", commits={}, error=error, repo_ref="main")
        return run

    pull(None)
    assert seen == []
    failed = Ended("homelab", pull("no answer"), Outcome.FAILED, "no answer", worker="local")
    assert seen == [failed]
    assert state.notices.remember(failed, "{}")
    recovered = Ended("homelab", pull(None), Outcome.UNCHANGED, told="{}", worker="local")
    assert seen == [failed, recovered]


def test_a_receiver_that_is_away_is_left_alone_for_a_while(state: State) -> None:
    state.notices.note("t1", "local", [("notify[0]", True), ("notify[1]", False)])
    names = ("notify[0]", "notify[1]")
    assert state.notices.told("t1") == {"notify[0]"}
    assert state.notices.away("local", names) == {"notify[1]"}
    assert state.notices.away("nas", names) == frozenset()
    assert 0 < int(cast("Any", state.redis.ttl("tegu:away:local:notify[1]"))) <= 30
