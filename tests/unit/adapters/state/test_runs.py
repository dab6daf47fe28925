"""Runs end once, when the last thing they wait for has ended, whatever happens twice or in another order."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from queue import Empty, Queue
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.results import StackResult
from workers.adapters.state.run import Pull, RunHead
from workers.adapters.state.state import State
from workers.adapters.state.status import Known
from workers.model.errors import RedisUnavailable
from workers.model.words import Action, Outcome, PullStatus, Reason, RunStatus, Trigger

STACKS = ["production/a", "production/b", "production/c"]


def finish(state: State, runs: tuple[str, ...] | list[str], stack: str, outcome: Outcome = Outcome.UNCHANGED) -> None:
    state.runs.finish(runs, StackResult(stack, Action.NONE, Reason.UNCHANGED, outcome, "c1"))


def planned(state: State, stacks: list[str] = STACKS, commit: str = "c1") -> str:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert state.runs.start_pull(run, "homelab", "local")
    state.runs.plan(run, [(stack, commit) for stack in stacks])
    state.runs.end_pull(run, "homelab", "local", commits={"main": commit}, error=None, repo_ref="main")
    return run


def status(state: State, run: str) -> str:
    shown = state.runs.get(run)
    assert shown is not None
    return str(shown.status)


def test_a_run_is_readable_as_soon_as_its_id_is_there(state: State) -> None:
    run, answer = state.runs.coalesce("homelab", ["local"], "webhook", commit="c1", ref="main", who="github")
    assert answer == "queued"
    found = state.runs.get(run)
    assert found is not None
    shown = found.to_json()
    assert shown.pop("queued_at").endswith("Z")
    assert shown == {
        "id": run,
        "repo": "homelab",
        "ref": None,
        "commit": None,
        "trigger": "webhook",
        "who": "github",
        "status": "queued",
        "started_at": None,
        "finished_at": None,
        "error": None,
        "pulls": {"local": {"status": "queued", "commits": {}, "error": None}},
        "stacks": {},
    }


def test_an_unknown_run_is_none(state: State) -> None:
    assert state.runs.get("nothing") is None


def test_a_run_ends_when_its_last_stack_has_ended(state: State) -> None:
    run = planned(state)
    for stack in STACKS:
        assert status(state, run) == "running"
        finish(state, state.runs.take(stack), stack)
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, shown.ref, shown.commit) == ("succeeded", "main", "c1")
    assert str(shown.finished_at) >= str(shown.started_at) >= str(shown.queued_at)
    assert shown.to_json()["stacks"]["production/a"] == {
        "commit": "c1",
        "action": "none",
        "reason": "unchanged",
        "outcome": "unchanged",
        "deployment": None,
        "message": "",
    }


def test_a_run_without_a_pull_has_ref_and_commit_of_the_last_one(state: State) -> None:
    def seen(repo: str = "homelab") -> tuple[str | None, str | None]:
        shown = state.runs.get(state.runs.create(repo, "cli", ()))
        assert shown is not None
        return shown.ref, shown.commit

    assert seen() == (None, None)
    earlier = state.runs.create("homelab", "poll", ["nas"], run_id="0" * 14)
    planned(state, commit="c2")
    assert seen() == ("main", "c2")
    state.runs.end_pull(earlier, "homelab", "nas", commits={"main": "c1"}, error=None, repo_ref="main")
    assert seen() == ("main", "c2")
    assert seen("homelab, quiet") == (None, None)
    assert seen("quiet") == (None, None)


def test_a_run_without_stacks_ends_with_its_pull(state: State) -> None:
    assert status(state, planned(state, [])) == "succeeded"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.bad])
def test_a_bad_outcome_fails_the_run(state: State, outcome: Outcome) -> None:
    run = planned(state, ["production/a", "production/b"])
    finish(state, [run], "production/a", outcome)
    finish(state, [run], "production/b", Outcome.DEPLOYED)
    assert status(state, run) == "failed"


def test_a_failed_pull_fails_the_run_and_says_why(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local", "nas"], "webhook")
    for worker, error in (("local", None), ("nas", "no route to git.example.com")):
        assert state.runs.start_pull(run, "homelab", worker)
        state.runs.end_pull(run, "homelab", worker, commits={}, error=error, repo_ref="main")
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, shown.error) == ("failed", "nas: no route to git.example.com")
    assert shown.pulls == {
        "local": Pull(PullStatus.SUCCEEDED),
        "nas": Pull(PullStatus.FAILED, error="no route to git.example.com"),
    }


def test_a_second_outcome_does_not_replace_the_first(state: State) -> None:
    run = planned(state, ["production/a"])
    finish(state, [run], "production/a", Outcome.DEPLOYED)
    finish(state, [run], "production/a", Outcome.FAILED)
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, shown.stacks["production/a"].outcome) == ("succeeded", "deployed")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_run_ends_exactly_once_however_its_parts_end(state: State, data: st.DataObject) -> None:
    state.redis.flushall()
    run = planned(state)
    calls = data.draw(st.permutations(STACKS * 3))
    outcomes = data.draw(st.lists(st.sampled_from(Outcome), min_size=9, max_size=9))
    first: dict[str, Outcome] = {}
    for stack, outcome in zip(calls, outcomes, strict=True):
        first.setdefault(stack, outcome)
        finish(state, [run], stack, outcome)
        ended = state.runs.get(run)
        assert ended is not None
        assert (ended.finished_at is not None) == (len(first) == len(STACKS))
    assert status(state, run) == ("failed" if any(outcome.bad for outcome in first.values()) else "succeeded")
    endings = [
        event
        for event in (each.to_json() for each in state.events.read())
        if event["kind"] == "run" and event["status"] != "queued"
    ]
    assert Counter(event["status"] for event in endings)[status(state, run)] == 1


def test_threads_that_end_stacks_at_once_end_the_run_once(state: State) -> None:
    stacks = [f"production/s{number}" for number in range(100)]
    run = planned(state, stacks)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda stack: finish(state, [run], stack), stacks * 2))
    assert status(state, run) == "succeeded"
    endings = [
        event for event in (each.to_json() for each in state.events.read()) if event.get("status") == "succeeded"
    ]
    assert len(endings) == 1


# ---------------------------------------------------------------- waiting sets


def test_a_stack_is_published_once_for_all_runs_that_wait_for_it(state: State) -> None:
    runs = [state.runs.create("homelab", "cli", []) for _ in range(3)]
    needed = [state.runs.plan(run, [("production/a", "c1")]) for run in runs]
    assert needed == [["production/a"], [], []]
    assert state.runs.take("production/a") == tuple(sorted(runs))
    assert state.runs.take("production/a") == ()


def test_a_run_that_plans_again_publishes_again(state: State) -> None:
    run = state.runs.create("homelab", "cli", [])
    assert state.runs.plan(run, [("production/a", "c1")]) == ["production/a"]
    assert state.runs.plan(run, [("production/a", "c1")]) == ["production/a"]


def test_a_pull_that_is_delivered_again_leaves_ended_stacks_alone(state: State) -> None:
    run = state.runs.create("homelab", "cli", ["local"])
    state.runs.plan(run, [("production/a", "c1"), ("production/b", "c1")])
    finish(state, state.runs.take("production/a"), "production/a")
    assert state.runs.plan(run, [("production/a", "c1"), ("production/b", "c1")]) == ["production/b"]
    assert state.runs.plan(run, [("production/a", "c2")]) == ["production/a"]


def test_a_thousand_stacks_are_planned_at_once(state: State) -> None:
    run = state.runs.create("homelab", "cli", [])
    stacks = [(f"production/s{number}", "c1") for number in range(1000)]
    assert state.runs.plan(run, stacks) == [stack for stack, _ in stacks]


def test_a_stack_may_be_planned_before_its_commit_is_known(state: State) -> None:
    run = state.runs.create("homelab", "cli", [])
    state.records.set_status("production/a", latest_commit="c1")
    assert state.runs.plan(run, [("production/a", "")]) == ["production/a"]
    shown = state.runs.get(run)
    assert shown is not None
    assert shown.stacks["production/a"].commit is None
    assert state.records.status("production/a") == Known(latest_commit="c1")


def test_planning_for_a_run_that_redis_lost_is_an_error(state: State) -> None:
    with pytest.raises(RedisUnavailable, match="pull again"):
        state.runs.plan("1m843jjnaff6b5", [("production/a", "c1")])


def test_work_that_is_put_back_is_taken_by_the_next(state: State) -> None:
    run = planned(state, ["production/a"])
    taken = state.runs.take("production/a")
    assert not state.runs.waiting("production/a")
    assert state.runs.put_back("production/a", taken)
    assert state.runs.waiting("production/a")
    assert state.runs.take("production/a") == (run,)


def test_putting_back_beside_another_run_needs_no_task(state: State) -> None:
    planned(state, ["production/a"])
    taken = state.runs.take("production/a")
    planned(state, ["production/a"], "c2")
    assert not state.runs.put_back("production/a", taken)


def test_what_has_ended_is_not_put_back(state: State) -> None:
    planned(state, ["production/a"])
    taken = state.runs.take("production/a")
    finish(state, taken, "production/a")
    state.runs.put_back("production/a", taken)
    assert not state.runs.waiting("production/a")


def test_a_task_that_is_delivered_again_gets_what_it_took(state: State) -> None:
    run = planned(state, ["production/a"])
    assert state.runs.take("production/a", "task 1") == (run,)
    assert state.runs.take("production/a", "task 2") == ()
    assert state.runs.take("production/a", "task 1") == (run,)


def test_the_holder_of_the_lock_gets_what_the_dead_have_left(state: State) -> None:
    run = planned(state, ["production/a"])
    assert state.runs.take("production/a", "killed") == (run,)
    assert state.runs.take("production/a", "task 2", orphans=True) == (run,)
    finish(state, [run], "production/a")
    assert state.runs.take("production/a", "task 3", orphans=True) == ()


def test_every_run_ends_when_many_plan_take_and_put_back_at_once(state: State) -> None:
    published: Queue[str] = Queue()
    no_more = Event()
    stacks = [f"production/s{number}" for number in range(3)]

    def plan(number: int) -> str:
        run = state.runs.create("homelab", "cli", [])
        for stack in state.runs.plan(run, [(stack, f"c{number}") for stack in stacks]):
            published.put(stack)
        return run

    def work(number: int) -> None:
        for turn in count(number):
            try:
                stack = published.get(timeout=0.05)
            except Empty:
                if no_more.is_set():
                    return
                continue
            runs = state.runs.take(stack)
            if runs and turn % 3 == 0:
                state.runs.put_back(stack, runs)
                published.put(stack)
            elif runs:
                finish(state, runs, stack)

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, number) for number in range(4)]
        runs = list(pool.map(plan, range(60)))
        no_more.set()
        for each in working:
            each.result()
    assert {status(state, run) for run in runs} == {"succeeded"}
    assert state.redis.keys("*:waiting") == state.redis.keys("*:taken") == []
    assert state.redis.zcard(keys.published()) == 0


# ---------------------------------------------------------------- lists


def test_runs_are_listed_newest_first_page_by_page(state: State) -> None:
    runs = [state.runs.create("homelab", "cli", [], run_id=f"{number:014d}") for number in range(5)]
    state.runs.create("other", "cli", [], run_id="x" * 14)
    first = state.runs.list(limit=2, repo="homelab")
    second = state.runs.list(first.next, limit=2, repo="homelab")
    third = state.runs.list(second.next, limit=2, repo="homelab")
    assert [item.id for page in (first, second, third) for item in page.items] == runs[::-1]
    assert third.next is None
    assert len(state.runs.list().items) == 6


def test_expired_runs_leave_the_list(state: State, redis: Redis) -> None:
    gone, kept = (state.runs.create("homelab", "cli", []) for _ in range(2))
    redis.delete(keys.run(gone))
    assert [item.id for item in state.runs.list().items] == [kept]


def test_a_stacks_history_has_the_runs_that_did_something_to_it(state: State) -> None:
    quiet = planned(state, ["production/a"])
    finish(state, state.runs.take("production/a"), "production/a")
    loud = planned(state, ["production/a"], "c2")
    finish(state, state.runs.take("production/a"), "production/a", Outcome.DEPLOYED)
    assert [item.id for item in state.runs.list(stack="production/a").items] == [loud]
    lifetimes = [state.redis.ttl(keys.run(run)) for run in (quiet, loud)]
    assert lifetimes == [keys.UNEVENTFUL_RUN_SECONDS, keys.RUN_SECONDS]


def test_only_so_many_runs_are_kept(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_RUNS", 3)
    from workers.adapters.state.scripts import script_text  # noqa: PLC0415 (its texts are made with the limit above)

    script_text.cache_clear()
    try:
        runs = [state.runs.create("homelab", "cli", ["local"], run_id=f"{number:014d}") for number in range(5)]
    finally:
        script_text.cache_clear()
    assert [item.id for item in state.runs.list().items] == runs[:1:-1]
    assert state.runs.get(runs[0]) is None
    assert [run.id for run in state.open_runs.all()] == runs[-1:]


def test_a_run_remembers_that_it_is_forced(state: State) -> None:
    plain, forced = (state.runs.create("homelab", "cli", (), forced=each) for each in (False, True))
    assert [head.forced for head in state.runs.heads([plain, "nothing", forced])] == [False, True]
    assert state.runs.heads([]) == ()


def test_the_head_of_a_run_says_who_started_it_and_how(state: State) -> None:
    run = state.runs.create("homelab", "cli", (), who="me@here")
    expected = RunHead(run, "homelab", Trigger.CLI, "me@here", RunStatus.QUEUED, forced=False, has_pulls=False)
    assert state.runs.head(run) == expected
    assert state.runs.head("nothing") is None


@pytest.mark.parametrize(
    ("trigger", "workers", "asked"),
    [
        ("cli", [], True),
        ("api", [], True),
        ("call", [], True),
        ("reconcile", [], False),
        ("cli", ["local"], False),
        ("webhook", ["local"], False),
        ("poll", ["local"], False),
        ("reconcile", ["local"], False),
    ],
)
@pytest.mark.parametrize("noted", [True, False], ids=["noted", "made-by-an-older-version"])
def test_only_a_run_for_particular_stacks_was_asked_for_them(
    state: State, redis: Redis, trigger: str, workers: list[str], asked: bool, noted: bool
) -> None:
    run = state.runs.create("homelab", trigger, workers)
    if not noted:
        redis.hdel(keys.run(run), "has_pulls")
    head = state.runs.head(run)
    assert head is not None
    assert (head.has_pulls, head.is_asked_for) == (bool(workers), asked)


def test_a_head_costs_the_same_however_many_stacks_a_run_has(state: State, redis: Redis) -> None:
    run = planned(state, [f"production/s{number}" for number in range(300)])
    redis.config_resetstat()
    state.runs.head(run)
    assert set(redis.info("commandstats")) - {"cmdstat_info", "cmdstat_config|resetstat"} == {"cmdstat_hmget"}


def test_parts_of_some_stacks_are_read_without_the_others(state: State, redis: Redis) -> None:
    run = planned(state)
    finish(state, [run], "production/a")
    redis.config_resetstat()
    parts = state.runs.parts(run, ["production/a", "production/b", "production/z"])
    assert set(redis.info("commandstats")) - {"cmdstat_info", "cmdstat_config|resetstat"} == {"cmdstat_hmget"}
    assert parts == {
        "production/a": StackResult("production/a", Action.NONE, Reason.UNCHANGED, Outcome.UNCHANGED, "c1"),
        "production/b": StackResult("production/b", commit="c1"),
    }
    assert state.runs.parts(run, []) == state.runs.parts("nothing", ["production/a"]) == {}
