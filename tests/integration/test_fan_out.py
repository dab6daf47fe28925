"""From a request to the end of its run, with real Redis, Git and Celery workers. Nothing here needs Docker."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.redis_server import RedisServer
from tests.worker_rig import Rig, compose, eventually
from workers.adapters.queue import Message, quick_message
from workers.adapters.state import keys
from workers.adapters.state.exclusion import exclusive
from workers.adapters.state.leases import stack_lease
from workers.adapters.state.results import StackResult
from workers.celery import DEPLOY_IF_CHANGED
from workers.deploy.deploy_if_changed import deploy_if_changed
from workers.deploy.fast_path import decide_quickly
from workers.model.words import Trigger
from workers.reconcile.pull import pull
from workers.reconcile.reconcile import publish_lost
from workers.reconcile.requests import request_deploy, request_pull

pytestmark = pytest.mark.redis

NAMES = [f"s{number}" for number in range(12)]


@pytest.fixture
def rig(own_redis_server: Callable[..., RedisServer], tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, own_redis_server().url, NAMES)
    yield made
    made.close()


def test_a_run_ends_when_its_last_stack_has_ended(rig: Rig) -> None:
    rig.record()
    with rig.worker():
        run, status = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
        assert status == "queued"
        found = rig.ended(run)
        eventually(lambda: not rig.services.state.open_runs.all(), "the pull that a start brings ends, too")
    assert found["status"] == "succeeded"
    assert (found["ref"], found["commit"]) == ("main", rig.commit)
    assert found["pulls"] == {"local": {"status": "succeeded", "commits": {"main": rig.commit}, "error": None}}
    assert sorted(found["stacks"]) == sorted(f"default/{name}" for name in NAMES)
    assert {(stack["outcome"], stack["reason"]) for stack in found["stacks"].values()} == {("unchanged", "unchanged")}
    status_row = rig.services.state.rows(["default/s3"])[0]
    assert (status_row["verified_commit"], status_row["status"]) == (rig.commit, "deployed")


def test_a_call_from_a_bare_shell_is_a_run(rig: Rig) -> None:
    rig.record()
    with rig.worker():
        done = rig.celery("call", "tegu.pull", "--args", '["homelab"]')
        assert done.code == 0, done.stderr

        def called() -> str | None:
            items = rig.services.state.runs.list().items
            return next((item.id for item in items if item.trigger == "call"), None)

        found = rig.ended(eventually(called, "a run appears"))
    assert found["status"] == "succeeded"
    assert len(found["stacks"]) == len(NAMES)


def test_a_worker_starts_quietly_and_looks_at_everything_at_once(rig: Rig) -> None:
    rig.record()
    with rig.worker(afresh=True):
        items = eventually(lambda: rig.services.state.runs.list().items, "reconcile makes a run")
        rig.ended(items[0].id)
        assert items[0].trigger == "reconcile"
    lines = [line for line in rig.log.splitlines() if "warn" in line.lower() or "Traceback" in line]
    assert lines == []


def test_two_hundred_announcements_of_one_commit_cost_two_fetches_at_most(rig: Rig) -> None:
    rig.record()
    with rig.worker():
        eventually(lambda: "pulled" in rig.log, "reconcile has pulled")
        before = rig.fetches
        commit = rig.push({"README.md": "hello\n"})
        with ThreadPoolExecutor(20) as pool:
            answers = list(
                pool.map(
                    lambda _: request_pull(rig.services, "homelab", Trigger.WEBHOOK, commit=commit, ref="main"),
                    range(200),
                )
            )
        runs = {run for run, _ in answers}
        for run in runs:
            assert rig.ended(run)["commit"] == commit
    assert rig.fetches - before <= 2
    assert len(runs) <= 2


def test_a_stack_without_a_record_is_handed_to_the_queue_of_deployments(rig: Rig) -> None:
    rig.record(NAMES[1:])
    with rig.worker("-Q", "tegu.local.pull"):
        run, _ = request_pull(rig.services, "homelab", Trigger.API)
        waiting = eventually(lambda: rig.services.queue.calls_in("tegu.local.deploy"), "a deployment is queued")
        assert {call[1] for call in waiting} == {"default/s0"}
        others = [f"default/{name}" for name in NAMES[1:]]

        def all_others_ended() -> bool:
            parts = rig.services.state.runs.parts(run, others)
            return [part.outcome for part in parts.values()] == ["unchanged"] * len(others)

        eventually(all_others_ended, "the unchanged ones end")
        shown = rig.services.state.runs.get(run)
        assert shown is not None
        assert shown.status == "running"


def test_a_pull_shows_what_changed_stacks_will_need_before_their_turn_comes(rig: Rig) -> None:
    rig.record()
    broken = "services: ["
    commit = rig.push({"services/s2/compose.yaml": compose("s2", "sleep 2000"), "services/s3/compose.yaml": broken})
    run, _ = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
    pull(rig.services, "homelab", run, "local")
    shown = rig.services.state.runs.get(run)
    assert shown is not None
    assert shown.status == "running"
    assert shown.stacks["default/s2"].in_run() == {
        "commit": commit,
        "action": "up",
        "reason": "content_changed",
        "outcome": None,
        "deployment": None,
    }
    assert shown.stacks["default/s3"].reason == "invalid"
    assert shown.stacks["default/s4"].reason is None
    rows = {row["stack"]: row for row in rig.services.state.rows()}
    assert rows["default/s2"]["last_decision"]["paths"] == ["services/s2/compose.yaml"]
    assert (rows["default/s2"]["status"], rows["default/s3"]["status"]) == ("pending", "invalid")


def test_a_pull_sends_what_changed_inside_or_outside_its_folder_to_the_queue_of_deployments(rig: Rig) -> None:
    shared = compose("s5") + "    env_file: ../../shared.env\n"
    rig.push({"shared.env": "A=1\n", "services/s5/compose.yaml": shared})
    rig.record()
    rig.push({"shared.env": "A=2\n", "services/s2/compose.yaml": compose("s2", "sleep 2000")})
    run, _ = request_pull(rig.services, "homelab", Trigger.CLI)
    result = pull(rig.services, "homelab", run, "local")
    assert (result.changed, result.unchanged) == (2, len(NAMES) - 2)
    assert {call[1] for call in rig.services.queue.calls_in("tegu.local.deploy")} == {"default/s2", "default/s5"}
    quick = {call[1] for call in rig.services.queue.calls_in("tegu.local.pull") if call[0] == "tegu.deploy_if_changed"}
    assert quick == {f"default/{name}" for name in NAMES} - {"default/s2", "default/s5"}


def test_what_was_left_alone_costs_the_next_pull_a_quick_look_and_comes_out_the_same(rig: Rig) -> None:
    state = rig.services.state
    rig.record()
    rig.push({"services/s2/compose.yaml": compose("s2", "sleep 2000"), "services/s3/compose.yaml": "services: ["})
    state.pauses.pause("default/s2", "me", "holiday")
    told: list[list[tuple[object, ...]]] = []
    for push in ("", "hello\n"):
        rig.push({"README.md": push})
        run, _ = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
        pulled = pull(rig.services, "homelab", run, "local")
        assert pulled.changed == 2
        for stack in ("default/s2", "default/s3"):
            if (DEPLOY_IF_CHANGED, stack, run) in rig.services.queue.calls_in("tegu.local.deploy"):
                assert not told
                deploy_if_changed(rig.services, stack, run)
            else:
                assert (DEPLOY_IF_CHANGED, stack, run) in rig.services.queue.calls_in("tegu.local.pull")
                assert isinstance(decide_quickly(rig.services, stack, force=False, taker=run), StackResult)
        parts = state.runs.parts(run, ["default/s2", "default/s3"])
        told.append([])
        told[-1] += [(each.outcome, each.action, each.reason, each.message, each.commit) for each in parts.values()]
        rows = state.rows(parts)
        told[-1] += [(row["status"], row["latest_commit"], row["last_decision"]["paths"]) for row in rows]
        state.redis.delete("tegu.local.deploy", "tegu.local.pull")
    first, second = (json.dumps(each) for each in told)
    before, newest = rig.source.git("rev-parse", "HEAD^"), rig.source.git("rev-parse", "HEAD")
    assert second == first.replace(before, newest)
    assert [each[:3] for each in told[0][:2]] == [("skipped", "none", "paused"), ("invalid", "none", "invalid")]


def test_what_comes_after_a_stack_that_is_left_alone_waits_for_it(
    own_redis_server: Callable[..., RedisServer], tmp_path: Path
) -> None:
    later = "stacks: {s1: {repo: homelab, path: services/s1, after: [s0]}}"
    with contextlib.closing(Rig(tmp_path, own_redis_server().url, ["s0", "s1", "s2"], later)) as rig:
        rig.record()
        for number in range(2):  # s0 is left alone again
            rig.push(
                {"services/s0/compose.yaml": "services: [", "services/s1/compose.yaml": compose("s1", f"x{number}")}
            )
            run, _ = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
            pull(rig.services, "homelab", run, "local")
            calls = rig.services.queue.calls_in("tegu.local.deploy") | rig.services.queue.calls_in("tegu.local.pull")
            assert (DEPLOY_IF_CHANGED, "default/s0", run) in calls
            assert (DEPLOY_IF_CHANGED, "default/s1", run) not in calls
            deploy_if_changed(rig.services, "default/s0", run)
            assert rig.services.state.runs.parts(run, ["default/s1"])["default/s1"].reason == "blocked"


def test_deployments_have_a_head_start_on_what_needs_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.record()
    rig.push({"services/s3/compose.yaml": compose("s3", "sleep 2")})
    seen: list[tuple[int, int]] = []
    redis = rig.services.state.redis
    monkeypatch.setattr(
        "workers.reconcile.publishing.give_way",
        lambda **_: seen.append((redis.llen("tegu.local.deploy"), redis.llen("tegu.local.pull"))),
    )
    run, _ = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
    redis.delete("tegu.local.pull")  # the pull's own message
    pull(rig.services, "homelab", run, "local")
    assert seen == [(1, 0)]
    assert redis.llen("tegu.local.pull") == len(NAMES) - 1


def test_where_nothing_has_changed_nothing_waits(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.record()
    monkeypatch.setattr("workers.reconcile.publishing.give_way", lambda **_: pytest.fail("it waited"))
    run, _ = request_pull(rig.services, "homelab", Trigger.WEBHOOK)
    rig.services.state.redis.delete("tegu.local.pull")
    pull(rig.services, "homelab", run, "local")
    assert rig.services.state.redis.llen("tegu.local.pull") == len(NAMES)


def test_a_pull_asks_redis_as_often_however_many_other_repos_there_are(rig: Rig) -> None:
    rig.record()
    redis: Any = rig.services.state.redis

    def commands_of_a_pull() -> int:
        for _ in range(2):  # the first one reads what has changed
            run, _ = request_pull(rig.services, "homelab", Trigger.RECONCILE)
            before = redis.info("stats")["total_commands_processed"]
            pull(rig.services, "homelab", run, "local")
            asked = redis.info("stats")["total_commands_processed"] - before
            for name in NAMES:
                decide_quickly(rig.services, f"default/{name}", force=False, taker=run)
        return int(asked)

    alone = commands_of_a_pull()
    catalog = rig.settings.catalog
    others = "".join(f"  other{each}: {{url: /srv/{each}, ref: main, discover: ['*']}}\n" for each in range(100))
    catalog.write_text(catalog.read_text().replace("repos:\n", f"repos:\n{others}"))
    for each in range(100):
        found = {f"default/o{each}-{number}": f"o{each}-{number}" for number in range(3)}
        rig.services.state.discovered.replace(f"other{each}", ["default"], found)
        rig.services.state.redis.sadd(keys.stacks(), *found)
    assert commands_of_a_pull() == alone


def test_a_quick_look_that_finds_a_change_hands_over_and_is_published_once(rig: Rig) -> None:
    rig.record()
    changed = rig.push({"services/s4/compose.yaml": compose("s4", "sleep 2000")})
    rig.services.clone("homelab").fetch(["main"])
    run = rig.services.state.runs.create("homelab", Trigger.WEBHOOK, ["local"])
    rig.services.state.runs.plan(run, [("default/s4", changed)])
    rig.services.queue.publish([quick_message("default/s4", run, "local")])
    rig.services.queue.publish([quick_message("default/s4", run, "local")])
    with rig.worker("-Q", "tegu.local.pull"):
        eventually(lambda: rig.services.queue.calls_in("tegu.local.deploy"), "it is handed over")
        eventually(lambda: rig.log.count("tegu.deploy_if_changed") >= 4, "both messages are done")
    assert rig.services.state.runs.waiting("default/s4")


def test_an_unknown_repo_and_a_dead_server_end_the_pull_with_a_sentence(rig: Rig) -> None:
    rig.record()
    with rig.worker():
        run = rig.services.state.runs.create("gone", Trigger.API, ["local"])
        rig.services.queue.publish_pull("gone", run, "local")
        found = rig.ended(run)
    assert found["status"] == "failed"
    assert found["pulls"]["local"]["error"] == "there is no repo 'gone'; the catalog has homelab"
    assert "Traceback" not in rig.log


def test_a_folder_that_cannot_be_a_stack_is_invalid_and_the_others_go_on(rig: Rig) -> None:
    rig.push({"services/Not A Name/compose.yaml": compose("x")})
    rig.record()
    with rig.worker():
        run, _ = request_pull(rig.services, "homelab", Trigger.API)
        found = rig.ended(run)
    assert found["status"] == "failed"
    bad = found["stacks"]["default/Not A Name"]
    assert (bad["outcome"], bad["reason"]) == ("invalid", "invalid")
    assert "not a valid name" in bad["message"]
    assert sum(stack["outcome"] == "unchanged" for stack in found["stacks"].values()) == len(NAMES)


def test_what_was_lost_is_published_again_by_reconcile(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.record()
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0)
    run = rig.services.state.runs.create("homelab", Trigger.WEBHOOK, ["local"])
    rig.services.state.runs.plan(run, [("default/s1", rig.commit), ("default/s2", rig.commit)])
    rig.services.queue.publish([quick_message("default/s2", run, "local")])
    assert publish_lost(rig.services, "local") == 2
    assert {call[:2] for call in rig.services.queue.calls_in("tegu.local.pull")} == {
        ("tegu.pull", "homelab"),
        ("tegu.deploy_if_changed", "default/s1"),
        ("tegu.deploy_if_changed", "default/s2"),
    }
    assert publish_lost(rig.services, "local") == 0
    with rig.worker():
        assert rig.ended(run)["status"] == "succeeded"


def test_what_a_killed_worker_was_at_counts_as_lost_though_its_lease_is_still_there(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.reconcile.reconcile.SETTLED_SECONDS", 0)
    state = rig.services.state
    run = state.runs.create("homelab", Trigger.WEBHOOK, ())
    state.runs.plan(run, [("default/s1", rig.commit)])
    rig.record()
    with exclusive(state, "default/s1"):
        assert publish_lost(rig.services, "local") == 0
    assert state.leases.acquire(stack_lease("default/s1"), "a worker that was killed") is not None
    assert publish_lost(rig.services, "local") == 1


def test_a_worker_that_has_just_started_counts_all_as_lost_that_is_in_no_queue(rig: Rig) -> None:
    rig.record()
    state = rig.services.state
    run = state.runs.create("homelab", Trigger.WEBHOOK, ())
    state.runs.plan(run, [("default/s1", rig.commit), ("default/s2", rig.commit)])
    rig.services.queue.publish([quick_message("default/s2", run, "local")])
    assert publish_lost(rig.services, "local") == 0  # they may be about to be published
    with exclusive(state, "default/s1"):  # as a child of a killed worker holds it
        assert publish_lost(rig.services, "local", all_lost=True) == 1


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_what_a_killed_worker_had_taken_and_not_begun_is_done_by_the_next_one(rig: Rig) -> None:
    rig.record()
    with rig.worker("-c", "1", "-I", "tests.slow_task") as worker:
        rig.services.queue.publish([Message("tegu.local.deploy", "test.slow", ("600",))])
        eventually(lambda: "begun to sleep" in rig.log, "the only slot is taken")
        run = request_deploy(rig.services, ["s1"], trigger=Trigger.CLI)
        eventually(lambda: rig.services.state.redis.llen("tegu.local.deploy") == 0, "it has been taken")
        worker.kill()
        worker.wait()
    with rig.worker():
        assert rig.ended(run)["stacks"]["default/s1"]["outcome"] == "unchanged"


def test_a_reconcile_without_a_worker_goes_to_every_worker(rig: Rig) -> None:
    from workers.tasks import ask_every_worker  # noqa: PLC0415

    catalog = rig.settings.catalog
    catalog.write_text(catalog.read_text() + "environments: {home: {worker: home}, nas: {worker: nas}}\n")
    assert ask_every_worker(rig.services) == {"workers": ["local", "home", "nas"]}
    for worker in ("local", "home", "nas"):
        assert rig.services.queue.calls_in(f"tegu.{worker}.pull") == {("tegu.reconcile", worker, None)}


def test_results_and_failures_are_short_in_flower(rig: Rig) -> None:
    rig.record()
    with rig.worker():
        request = request_pull(rig.services, "homelab", Trigger.API)[0]
        rig.ended(request)
        eventually(lambda: "'reason': 'unchanged'" in rig.log, "results are logged")
    line = next(line for line in rig.log.splitlines() if "'reason': 'unchanged'" in line)
    assert "{'stack': 'default/" in line


def test_deploying_asks_the_queue_of_deployments_even_when_a_quick_look_waits(rig: Rig) -> None:
    rig.record()
    run = request_deploy(rig.services, ["s1", "default/s2"], force=True, trigger=Trigger.CLI)
    assert rig.services.queue.calls_in("tegu.local.deploy") == {
        ("tegu.deploy_if_changed", "default/s1", run),
        ("tegu.deploy_if_changed", "default/s2", run),
    }
    shown = rig.services.state.runs.get(run)
    assert shown is not None
    assert json.dumps(shown.to_json()["pulls"]) == "{}"
