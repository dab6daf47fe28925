"""However often one pushed commit is announced, it costs at most two pulls, and no announcement is lost."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from workers.adapters.state import keys
from workers.adapters.state.identifiers import new_id
from workers.adapters.state.open_runs import OpenRun
from workers.adapters.state.state import State

PUSHED = {"commit": "c1", "ref": "main"}


def pull(state: State, run: str, worker: str = "local", commit: str = "c1") -> bool:
    if not state.runs.start_pull(run, "homelab", worker):
        return False
    state.runs.end_pull(run, "homelab", worker, commits={"main": commit}, error=None, repo_ref="main")
    return True


@pytest.mark.parametrize("callers", [1000])
def test_a_commit_that_is_announced_at_once_costs_at_most_two_pulls(state: State, callers: int) -> None:
    queue: list[str] = []
    pulls: list[str] = []
    done = threading.Event()

    def announce(_: int) -> str:
        run, answer = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
        if answer == "queued":
            queue.append(run)
        return run

    def work() -> None:
        while not (done.is_set() and not queue):
            if not queue:
                time.sleep(0.001)
                continue
            run = queue.pop(0)
            if state.runs.start_pull(run, "homelab", "local"):
                pulls.append(run)
                time.sleep(0.1)
                state.runs.end_pull(run, "homelab", "local", commits={"main": "c1"}, error=None, repo_ref="main")

    worker = threading.Thread(target=work)
    worker.start()
    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(announce, range(callers)))
    done.set()
    worker.join()
    assert 1 <= len(pulls) <= 2
    assert set(answers) == set(pulls)
    assert sum(answers.values()) == callers


def test_an_announcement_joins_the_pull_that_waits(state: State) -> None:
    run, first = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
    assert (first, state.runs.coalesce("homelab", ["local"], "cli")) == ("queued", (run, "coalesced"))


def test_a_run_that_is_joined_keeps_who_asked_first(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook", who="github", **PUSHED)
    assert state.runs.coalesce("homelab", ["local"], "cli", who="me@here") == (run, "coalesced")
    shown, unknown = state.runs.heads([run, state.runs.create("homelab", "reconcile", ())])
    assert (shown.trigger, shown.who, unknown.who) == ("webhook", "github", None)


def test_an_announcement_does_not_join_a_pull_under_way(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
    assert state.runs.start_pull(run, "homelab", "local")
    later, answer = state.runs.coalesce("homelab", ["local"], "webhook", commit="c2", ref="main")
    assert (later != run, answer) == (True, "queued")


def test_a_fetched_commit_is_not_pulled_again(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
    pull(state, run)
    assert state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED) == (run, "coalesced")
    assert state.runs.coalesce("homelab", ["local"], "webhook", commit="c1", ref="develop")[1] == "queued"


def test_a_commit_that_was_the_newest_once_is_looked_at_again(state: State) -> None:
    for commit in ("c1", "c2"):
        run, _ = state.runs.coalesce("homelab", ["local"], "webhook", commit=commit, ref="main")
        pull(state, run, commit=commit)
    assert state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)[1] == "queued"


def test_a_slow_pull_does_not_put_an_old_commit_over_a_newer(state: State) -> None:
    slow, fast = (state.runs.create("homelab", "cli", ["local"]) for _ in range(2))
    assert state.runs.start_pull(slow, "homelab", "local")
    assert pull(state, fast, commit="c2")
    state.runs.end_pull(slow, "homelab", "local", commits={"main": "c1"}, error=None, repo_ref="main")
    assert state.runs.coalesce("homelab", ["local"], "webhook", commit="c2", ref="main") == (fast, "coalesced")


def test_a_failed_fetch_covers_nothing(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
    assert state.runs.start_pull(run, "homelab", "local")
    state.runs.end_pull(run, "homelab", "local", commits={}, error="timed out", repo_ref="main")
    assert state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)[1] == "queued"


def test_a_pull_that_is_delivered_again_after_its_end_does_nothing(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert [pull(state, run), pull(state, run)] == [True, False]


def test_a_pull_whose_worker_was_killed_runs_again(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert state.runs.start_pull(run, "homelab", "local")
    assert pull(state, run)


def test_a_killed_pull_gives_way_to_one_that_waits(state: State) -> None:
    killed, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert state.runs.start_pull(killed, "homelab", "local")
    waiting, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert not state.runs.start_pull(killed, "homelab", "local")
    shown = state.runs.get(killed)
    assert shown is not None
    assert (shown.status, shown.pulls["local"].status) == ("succeeded", "superseded")
    assert pull(state, waiting)


def test_a_dead_publisher_does_not_block_for_ever(state: State, redis: Redis) -> None:
    lost, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    left = redis.pttl(keys.waiting_pull("homelab", "local"))
    assert 0 < left <= keys.WAITING_PULL_SECONDS * 1000
    redis.delete(keys.waiting_pull("homelab", "local"))  # its time is up
    run, answer = state.runs.coalesce("homelab", ["local"], "webhook")
    assert answer == "queued"
    assert not state.runs.start_pull(lost, "homelab", "local")
    assert pull(state, run)


def test_a_message_that_outlived_its_waiting_key_is_still_good(state: State, redis: Redis) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    redis.delete(keys.waiting_pull("homelab", "local"))
    assert pull(state, run)


def test_a_run_that_could_not_be_published_leaves_no_trace(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert state.runs.discard(run)
    assert state.runs.get(run) is None
    assert state.open_runs.all() == ()
    assert state.runs.coalesce("homelab", ["local"], "webhook")[1] == "queued"


def test_a_discarded_run_that_others_joined_is_left_to_reconcile(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    assert state.runs.coalesce("homelab", ["local"], "webhook") == (run, "coalesced")
    assert not state.runs.discard(run)
    assert [found.id for found in state.open_runs.all()] == [run]
    assert state.runs.coalesce("homelab", ["local"], "webhook")[1] == "queued"


def test_discarding_stacks_lets_the_next_run_publish_them(state: State) -> None:
    lost = state.runs.create("homelab", "cli", [])
    state.runs.plan(lost, [("production/a", "c1")])
    assert state.runs.discard(lost)
    assert state.runs.discard(lost)
    run = state.runs.create("homelab", "cli", [])
    assert state.runs.plan(run, [("production/a", "c1")]) == ["production/a"]


def test_a_request_that_is_sent_twice_makes_one_run(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_id()
    monkeypatch.setattr("workers.adapters.state.runs.new_id", lambda: run)
    answers = [state.runs.coalesce("homelab", ["local"], "webhook") for _ in range(2)]
    assert answers == [(run, "queued")] * 2


# ---------------------------------------------------------------- several workers


def test_one_run_covers_all_workers(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local", "nas"], "webhook", **PUSHED)
    assert pull(state, run, "local")
    assert state.runs.coalesce("homelab", ["local", "nas"], "webhook", **PUSHED) == (run, "coalesced")
    assert pull(state, run, "nas")
    shown = state.runs.get(run)
    assert shown is not None
    assert (shown.status, set(shown.pulls)) == ("succeeded", {"local", "nas"})


def test_a_worker_that_has_fetched_already_is_left_out_of_a_new_run(state: State) -> None:
    first, _ = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
    pull(state, first)
    run, answer = state.runs.coalesce("homelab", ["local", "nas"], "webhook", **PUSHED)
    assert answer == "queued"
    assert [pull(state, run, "local"), pull(state, run, "nas")] == [False, True]


def test_a_new_run_takes_over_a_pull_that_waits(state: State) -> None:
    old, _ = state.runs.coalesce("homelab", ["local"], "webhook", **PUSHED)
    run, answer = state.runs.coalesce("homelab", ["local", "nas"], "webhook", **PUSHED)
    assert answer == "queued"
    assert [pull(state, old), pull(state, run), pull(state, run, "nas")] == [False, True, True]


# ---------------------------------------------------------------- what reconcile sees


def test_open_runs_say_what_they_wait_for(state: State) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    state.runs.start_pull(run, "homelab", "local")
    state.runs.plan(run, [("production/b", "c1"), ("production/a", "c1")])
    assert state.open_runs.all() == (OpenRun(run, "homelab", ("local",), ("production/a", "production/b")),)


def test_pulls_that_piled_up_for_an_absent_worker_become_one(state: State, redis: Redis) -> None:
    runs = []
    for _ in range(5):
        runs.append(state.runs.coalesce("homelab", ["nas"], "reconcile")[0])
        redis.delete(keys.waiting_pull("homelab", "nas"))
        time.sleep(0.002)  # ids sort by the millisecond
    assert [run.id for run in state.open_runs.all()] == runs[-1:]
    shown = state.runs.get(runs[0])
    assert shown is not None
    assert shown.pulls["nas"].status == "superseded"


def test_a_run_whose_maker_died_before_planning_is_ended(state: State) -> None:
    old = state.runs.create("homelab", "cli", [], run_id=new_id(1_000_000_000_000))
    fresh = state.runs.create("homelab", "cli", [])
    assert state.open_runs.all() == ()
    shown = [state.runs.get(run) for run in (old, fresh)]
    assert [run and run.status for run in shown] == ["succeeded", "queued"]


def test_an_expired_run_is_open_no_more(state: State, redis: Redis) -> None:
    run, _ = state.runs.coalesce("homelab", ["local"], "webhook")
    redis.delete(keys.run(run), keys.pending(run))
    assert state.open_runs.all() == ()
    assert redis.zcard(keys.open_runs()) == 0
